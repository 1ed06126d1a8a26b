// Manners of a page: what was opened stays open when a part is renewed, paper shows what the
// screen folds away, the sidebar folds.
(function () {
  "use strict";
  // A part renewed by htmx comes closed; what the reader had opened is opened again.
  let open = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    open = Array.from(event.target.querySelectorAll("details[data-keep][open]"), (one) => one.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) {
      const one = document.getElementById(id);
      if (one) one.open = true;
    }
    open = [];
  });

  // Paper cannot be clicked.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("main details:not([open]):not(.menu):not(.confirm)"));
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    opened = [];
  });

  // Folded, the sidebar is a drawer; the cookie lets the server render it so.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (!button) return;
    const folded = document.body.classList.toggle("folded");
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `guanlan_sidebar=${folded ? "folded" : "open"}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    button.setAttribute("aria-expanded", String(!folded));
    const sidebar = document.getElementById("sidebar");
    if (sidebar.matches(":popover-open")) sidebar.hidePopover();
    dispatchEvent(new Event("resize"));
    if (folded) document.querySelector(".burger").focus();
  });

  // A request that failed says so, where silence would look like success.
  const failure = document.getElementById("failure");
  const silence = failure ? failure.textContent : "";
  function fail(event) {
    if (!failure) return;
    const answer = event.detail.xhr ? event.detail.xhr.responseText : "";
    const told = answer ? new DOMParser().parseFromString(answer, "text/html").querySelector(".notice") : null;
    failure.textContent = told ? told.textContent : silence;
    failure.hidden = false;
  }
  document.addEventListener("htmx:sendError", fail);
  document.addEventListener("htmx:responseError", fail);
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (failure && event.detail.successful) failure.hidden = true;
  });
})();
