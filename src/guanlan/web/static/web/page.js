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

  // What scrolls sideways and holds nothing to tab to is itself reached by the keyboard.
  const within = "a[href], button, input, select, textarea, summary, [tabindex]";
  function reachable() {
    for (const one of document.querySelectorAll(".scroll")) {
      if (one.scrollWidth <= one.clientWidth || one.hasAttribute("tabindex") || one.querySelector(within)) continue;
      const title = one.closest("section, details, main").querySelector("h1, h2, summary");
      one.tabIndex = 0;
      one.setAttribute("role", "region");
      one.setAttribute("aria-label", title ? title.textContent.trim() : document.title);
    }
  }
  reachable();
  document.addEventListener("htmx:afterSettle", reachable);
  document.addEventListener("toggle", reachable, true);
  addEventListener("resize", reachable);

  // Paper cannot be clicked.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("main details:not([open]):not(.menu):not(.confirm):not(.who)"));
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
    document.cookie = `${document.documentElement.dataset.cookies || ""}guanlan_sidebar=${folded ? "folded" : "open"}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    button.setAttribute("aria-expanded", String(!folded));
    const sidebar = document.getElementById("sidebar");
    if (sidebar.matches(":popover-open")) sidebar.hidePopover();
    dispatchEvent(new Event("resize"));
    if (folded) document.querySelector(".burger").focus();
  });

  // The place that is open is seen in a sidebar longer than the screen.
  const lit = document.querySelector("#sidebar a[aria-current]");
  if (lit && lit.offsetParent) {
    const bar = document.getElementById("sidebar");
    const below = lit.getBoundingClientRect().bottom - bar.getBoundingClientRect().bottom + 60;
    if (below > 0) bar.scrollTop += below;
  }

  // A file that was chosen is named in the reader's language, not the browser's.
  document.addEventListener("change", (event) => {
    const pick = event.target.closest(".file-pick");
    const said = pick && pick.querySelector("[data-none]");
    if (said) said.textContent = Array.from(event.target.files, (file) => file.name).join(" · ") || said.dataset.none;
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
