// x chooses the row that j and k have reached; the box in the head chooses the whole page.
(function () {
  "use strict";
  const typing = (node) => node.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const box = document.querySelector("tr.selected .pick input");
    if (box) {
      event.preventDefault();
      box.click();
    }
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-pick-all]")) return;
    for (const box of document.querySelectorAll(".listing tbody .pick input")) box.checked = event.target.checked;
  });
})();
