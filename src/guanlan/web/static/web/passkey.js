// Joins the buttons of passkeys to allauth's ceremonies, and says when one came to nothing.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const kind = button.dataset.passkey;
    const ids = { credential: "id_credential", data: "js_data", [kind]: button.id };
    if (kind === "add") ids.passwordless = "id_passwordless";
    if (kind === "login") delete ids.data;
    window.allauth.webauthn.forms[`${kind}Form`]({ ids });
  }
});

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.getElementById("passkey-failed").hidden = false;
});
