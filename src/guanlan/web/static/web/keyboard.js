// j/k move over the rows of the first list, Enter opens, / filters, ? shows the list of keys.
(function () {
  "use strict";
  let current = null;
  const typing = (node) => node.closest("input, textarea, select, [contenteditable]");
  const rows = () => Array.from(document.querySelectorAll("table.rows tbody tr[data-href]"));

  function select(row) {
    if (current) current.classList.remove("selected");
    current = row;
    row.classList.add("selected");
    row.scrollIntoView({ block: "nearest" });
    // The focus goes along, so that a screen reader says which row it is.
    const link = row.querySelector("td a[href]") || row;
    if (link === row) row.tabIndex = -1;
    link.focus({ preventScroll: true });
  }
  function move(step) {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(current);
    select(list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + step))]);
  }
  const dialog = document.getElementById("shortcuts");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (dialog && dialog.open) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "Enter" && current && (event.target.closest("tr") === current || !event.target.closest("a, button, summary"))) {
      event.preventDefault();
      location.href = current.dataset.href;
    } else if (event.key === "/") {
      const field = document.querySelector("[data-filter]");
      if (!field) return;
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "?" && dialog) dialog.showModal();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-shortcuts]") && dialog) {
      dialog.showModal();
      return;
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent)
        .then(() => { copy.textContent = copy.dataset.copied; })
        .catch(() => { copy.hidden = true; });
      return;
    }
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, summary, form, input") || String(getSelection())) return;
    location.href = row.dataset.href;
  });
  // A page that was not loaded securely has no clipboard; there a click selects the text.
  if (navigator.clipboard) {
    for (const copy of document.querySelectorAll("[data-copy]")) copy.hidden = false;
  }
  // Jumping by a select that names addresses.
  document.addEventListener("change", (event) => {
    const choice = event.target.closest("select[data-go]");
    if (choice && choice.value) location.href = choice.value;
  });
})();
