// The theme is a cookie, so that the server renders it and no page flashes.
(function () {
  "use strict";
  const root = document.documentElement;
  const buttons = document.querySelectorAll("[data-theme-choice]");
  function show(choice) {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const choice = button.dataset.themeChoice;
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `${root.dataset.cookies || ""}guanlan_theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
      root.dataset.theme = choice;
      show(choice);
      document.dispatchEvent(new Event("themechange"));
    });
  }
  show(root.dataset.theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new Event("themechange")));
  // A menu closes when one clicks elsewhere or presses Escape.
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.menu[open], details.confirm[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll("details.menu[open], details.confirm[open]")) {
      open.open = false;
    }
  });
})();
