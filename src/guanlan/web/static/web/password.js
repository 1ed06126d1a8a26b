// A button beside each password shows what was typed, so that long ones can be checked.
(function () {
  "use strict";
  const { show, hide } = document.currentScript.dataset;
  for (const input of document.querySelectorAll('input[type="password"]')) {
    const label = input.labels.length ? input.labels[0].textContent.trim() : "";
    const frame = document.createElement("span");
    const button = document.createElement("button");
    frame.className = "password";
    button.type = "button";
    button.className = "show";
    function hidden(is) {
      input.type = is ? "password" : "text";
      button.textContent = is ? show : hide;
      button.setAttribute("aria-label", `${button.textContent} ${label}`.trim());
      button.setAttribute("aria-pressed", String(!is));
    }
    input.replaceWith(frame);
    frame.append(input, button);
    button.addEventListener("click", () => hidden(input.type !== "password"));
    // A browser keeps what is sent as text among the words it offers again.
    if (input.form) input.form.addEventListener("submit", () => hidden(true));
    hidden(true);
  }
})();
