// Names behind an @: in a comment the colleagues who may see its object are offered. Arrows choose,
// Enter or Tab takes, Escape closes; what is offered the server says anew for each letter.
(function () {
  "use strict";
  const BEGUN = /(?:^|[^\p{L}\p{N}_.@])@([\p{L}\p{N}_.+-]{0,150})$/u;
  const PAUSE = 150;
  let field = null;
  let list = null;
  let chosen = 0;
  let waiting = 0;
  let asked = 0;

  function begun() {
    if (!field || field.selectionStart !== field.selectionEnd) return null;
    const found = BEGUN.exec(field.value.slice(0, field.selectionStart));
    return found ? found[1] : null;
  }
  function close() {
    clearTimeout(waiting);
    asked += 1;
    if (!list) return;
    list.hidden = true;
    list.replaceChildren();
    field.removeAttribute("aria-controls");
    field.removeAttribute("aria-activedescendant");
  }
  function choose(index) {
    const items = list.children;
    chosen = (index + items.length) % items.length;
    for (const [at, item] of Array.from(items).entries()) item.setAttribute("aria-selected", String(at === chosen));
    field.setAttribute("aria-activedescendant", items[chosen].id);
    items[chosen].scrollIntoView({ block: "nearest" });
  }
  function draw(names) {
    list.replaceChildren(...names.map((name, index) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      item.className = "plain";
      item.textContent = `@${name}`;
      item.dataset.name = name;
      return item;
    }));
    list.hidden = false;
    field.setAttribute("aria-controls", list.id);
    choose(0);
  }
  function take(name) {
    const at = field.selectionStart - begun().length;
    field.setRangeText(`${name} `, at, field.selectionStart, "end");
    close();
    field.focus();
  }
  async function ask() {
    const q = begun();
    if (q === null) { close(); return; }
    asked += 1;
    const mine = asked;
    let names = [];
    try {
      const answer = await fetch(`${field.dataset.mentions}?q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) ({ names } = await answer.json());
    } catch { /* without an answer nothing is offered */ }
    if (mine !== asked) return;
    if (names.length && begun() === q) draw(names); else close();
  }
  document.addEventListener("input", (event) => {
    if (!event.target.matches("textarea[data-mentions]")) return;
    if (field !== event.target) close();
    field = event.target;
    list = field.parentElement.querySelector("[role=listbox]");
    if (!list.id) list.id = `mentions-${Array.from(document.querySelectorAll(".mentions")).indexOf(field.parentElement)}`;
    field.setAttribute("aria-autocomplete", "list");
    clearTimeout(waiting);
    if (begun() === null) close(); else waiting = setTimeout(ask, PAUSE);
  });
  // Before the page's own keys: Escape closes this list and nothing else.
  document.addEventListener("keydown", (event) => {
    if (!list || list.hidden || event.target !== field || event.isComposing) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) choose(chosen + move);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) take(list.children[chosen].dataset.name);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("mousedown", (event) => {
    const item = event.target.closest(".mentions [role=option]");
    if (!item) return;
    event.preventDefault(); // the focus stays in the text
    take(item.dataset.name);
  });
  document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
})();
