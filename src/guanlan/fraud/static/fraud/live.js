// The live stream: rows of masked decisions, newest first; pausable, filtered here.
(function () {
  "use strict";
  const LIMIT = 200;
  const titles = JSON.parse(document.getElementById("live-titles").textContent);
  const order = Object.keys(titles.outcomes);
  const body = document.querySelector("#live tbody");
  const state = document.getElementById("live-state");
  const rate = document.getElementById("live-rate");
  const least = document.getElementById("live-least");
  const type = document.getElementById("live-type");
  const text = document.getElementById("live-text");
  const pause = document.getElementById("live-pause");
  const language = document.documentElement.lang;
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: titles.zone });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long", timeZone: titles.zone });
  const formats = new Map();
  let paused = false;
  let held = [];
  let queue = [];
  let arrivals = [];
  let seen = Number((body.querySelector("tr[data-href]") || { dataset: { href: "/-1" } }).dataset.href.split("/").pop());
  if (Number.isNaN(seen)) seen = -1;

  function money(amount, currency) {
    if (amount === null || amount === undefined) return "—";
    if (!currency) return String(amount);
    if (!formats.has(currency)) {
      formats.set(currency, new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" }));
    }
    const format = formats.get(currency);
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  }
  function cell(content, name) {
    const td = document.createElement("td");
    if (name) td.className = name;
    if (content instanceof Node) td.append(content); else td.textContent = content;
    return td;
  }
  function draw(row) {
    const tr = document.createElement("tr");
    const address = titles.decision.replace(/0$/, String(row.seq));
    tr.dataset.href = address;
    tr.className = "new";
    const when = new Date(row.clock);
    const link = document.createElement("a");
    link.href = address;
    const stamp = document.createElement("time");
    stamp.dateTime = row.clock;
    stamp.title = full.format(when);
    stamp.textContent = time.format(when);
    link.append(stamp);
    const outcome = document.createElement("span");
    outcome.className = `outcome o-${row.outcome}`;
    outcome.textContent = titles.outcomes[row.outcome] || row.outcome;
    const who = document.createElement("span");
    who.className = "mono";
    const roles = Object.keys(row.entities);
    const named = roles.filter((role) => row.kinds[role]);
    for (const role of (named.length ? named : roles).slice(0, 2)) {
      if (who.childNodes.length) who.append(" · ");
      const kind = row.kinds[role];
      const one = document.createElement(kind ? "a" : "span");
      one.textContent = row.entities[role];
      one.title = role;
      if (kind) one.href = `${titles.entities}/${kind}/${encodeURIComponent(row.entities[role]).replaceAll("%2F", "/")}`;
      who.append(one);
    }
    const why = document.createElement("div");
    why.className = "clip";
    why.textContent = row.rules.map((rule) => titles.rules[rule] || rule).join(" · ") || "—";
    why.title = why.textContent;
    tr.append(
      cell(link, "nowrap"), cell(outcome), cell(titles.types[row.type] || row.type, "nowrap"),
      cell(who, "nowrap"), cell(money(row.amount, row.currency), "num"), cell(why), cell(String(row.score), "num"),
    );
    tr.dataset.outcome = row.outcome;
    tr.dataset.type = row.type;
    return tr;
  }
  function wanted(tr) {
    if (least.value && tr.dataset.outcome && order.indexOf(tr.dataset.outcome) < order.indexOf(least.value)) return false;
    if (type.value && tr.dataset.type && tr.dataset.type !== type.value) return false;
    return !text.value || tr.textContent.toLowerCase().includes(text.value.toLowerCase());
  }
  function show(word, name, n) {
    const shown = titles.words[word].replace("%(n)s", String(n));
    if (state.textContent !== shown) state.textContent = shown;
    state.className = `state ${name}`;
  }
  function flush() {
    if (!queue.length) return;
    const fresh = document.createDocumentFragment();
    for (const row of queue.slice(-LIMIT).reverse()) {
      const tr = draw(row);
      tr.hidden = !wanted(tr);
      fresh.append(tr);
    }
    queue = [];
    body.prepend(fresh);
    while (body.rows.length > LIMIT) body.deleteRow(-1);
    const empty = document.getElementById("live-empty");
    if (empty) empty.remove();
  }
  function filter() {
    for (const tr of body.rows) tr.hidden = !wanted(tr);
  }
  for (const field of [least, type]) field.addEventListener("change", filter);
  text.addEventListener("input", filter);
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? pause.dataset.resume : pause.dataset.pause;
    if (paused) { show("paused", "warn"); return; }
    queue = queue.concat(held);
    held = [];
    show("open", "on");
    flush();
  });
  const source = new EventSource(titles.stream);
  source.addEventListener("open", () => { if (!paused) show("open", "on"); });
  source.addEventListener("error", () => { if (!paused) show("lost", "warn"); });
  source.addEventListener("bell", (event) => {
    document.dispatchEvent(new CustomEvent("guanlan:bell", { detail: JSON.parse(event.data).n }));
  });
  source.addEventListener("reset", () => location.reload());
  source.addEventListener("decision", (event) => {
    const row = JSON.parse(event.data);
    if (!Object.hasOwn(row, "seq") || row.seq <= seen) return;
    seen = row.seq;
    if (row.type === "label") return; // a word on an earlier decision, not a decision
    arrivals.push(performance.now());
    if (!paused) { queue.push(row); return; }
    held.push(row);
    if (held.length > LIMIT) held.shift();
  });
  setInterval(() => {
    flush();
    if (paused && held.length) show("held", "warn", held.length);
    const since = performance.now() - 10000;
    arrivals = arrivals.filter((at) => at > since);
    rate.textContent = arrivals.length ? `${(arrivals.length / 10).toFixed(1)}/s` : "";
  }, 400);
  addEventListener("pagehide", () => source.close());
})();
