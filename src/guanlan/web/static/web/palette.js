// The command palette: Ctrl+K or ⌘K, or the magnifier. Places and acts are asked for once, when
// it is first opened; what is typed is also looked up, in the body of a request.
(function () {
  "use strict";
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = dialog.querySelector("input[type=search]");
  const list = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  const words = dialog.dataset;
  const owner = `guanlan-recent-${words.person}`;
  let places = null;
  let shown = [];
  let chosen = -1;
  let waiting = 0;
  let asked = 0;

  // Pages of single objects, as this browser saw them last; titles are masked by the server.
  function recent() {
    try { return JSON.parse(localStorage.getItem(owner)) || []; } catch { return []; }
  }
  for (let index = localStorage.length - 1; index >= 0; index -= 1) {
    const key = localStorage.key(index);
    if (key.startsWith("guanlan-recent-") && key !== owner) localStorage.removeItem(key);
  }
  if (words.object) {
    const here = { title: document.title.replace(/ · [^·]*$/, ""), url: location.pathname, note: words.recent };
    const others = recent().filter((one) => one.url !== here.url);
    localStorage.setItem(owner, JSON.stringify([here, ...others].slice(0, 8)));
  }
  for (const form of document.querySelectorAll("form[data-leaves]")) {
    form.addEventListener("submit", () => localStorage.removeItem(owner));
  }

  function fits(entry, parts) {
    const text = `${entry.title} ${entry.note || ""} ${entry.also || ""}`.toLowerCase();
    return parts.every((part) => text.includes(part));
  }
  function choose(index) {
    chosen = shown.length ? (index + shown.length) % shown.length : -1;
    Array.from(list.children).forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
    const line = list.children[chosen];
    if (line) {
      field.setAttribute("aria-activedescendant", line.id);
      line.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }
  function show(entries) {
    shown = entries;
    list.replaceChildren(...entries.map((entry, index) => {
      const line = document.createElement("li");
      line.id = `palette-${index}`;
      line.setAttribute("role", "option");
      line.dataset.index = index;
      const note = document.createElement("span");
      note.className = "quiet small";
      note.textContent = entry.note || "";
      line.append(entry.title, note);
      return line;
    }));
    choose(0);
  }
  function local(text) {
    const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!parts.length) return [...recent().filter((one) => one.url !== location.pathname), ...(places || [])];
    return [...(places || []), ...recent()].filter((entry) => fits(entry, parts)).slice(0, 12);
  }
  function say() {
    status.textContent = shown.length ? "" : words.nothing;
  }
  async function look(text, number) {
    const body = new URLSearchParams({ q: text });
    const token = dialog.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const answer = await fetch(words.search, { method: "POST", body, headers: { "X-CSRFToken": token } });
      if (number !== asked) return;
      if (!answer.ok) throw new Error(String(answer.status));
      const { entries } = await answer.json();
      const first = local(text);
      const known = new Set(first.map((one) => one.url));
      show([...first, ...entries.filter((one) => !known.has(one.url))]);
      say();
    } catch {
      if (number === asked) status.textContent = words.failed;
    }
  }
  function typed() {
    const text = field.value.trim();
    asked += 1;
    clearTimeout(waiting);
    show(local(text));
    status.textContent = "";
    if (text.length >= 2) {
      const number = asked;
      waiting = setTimeout(() => look(text, number), 160);
    } else if (text) say();
  }
  async function open() {
    if (dialog.open) return;
    field.value = "";
    dialog.showModal();
    typed();
    if (places) return;
    try {
      places = (await (await fetch(words.places)).json()).entries;
      typed();
    } catch {
      status.textContent = words.failed;
    }
  }
  function go(index) {
    if (!shown[index]) return;
    dialog.close();
    location.href = shown[index].url;
  }
  field.addEventListener("input", typed);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Home" && !field.value) choose(0);
    else if (event.key === "Enter") {
      if (!shown[chosen]) return; // the form then asks the page of search
      go(chosen);
    } else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const line = event.target.closest("li");
    if (line) go(Number(line.dataset.index));
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  // Without script the magnifier is a link to the page of search.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-open-palette]") || event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    open();
  });
})();
