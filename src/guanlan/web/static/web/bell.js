// The bell, live. One page of this browser keeps a stream open and tells the others, since a
// browser opens few connections to one server; a page with a stream of its own (the live
// decisions) hears the bell in that. Where no stream is to be had the count is asked for.
(function () {
  "use strict";
  const STALE = 45000; // the stream says the number each 15 s
  const ASK = 30000;
  const AGAIN = 60000; // after a refusal; a lost connection the browser itself takes up again
  const { bell: address, person } = document.body.dataset;
  const said = document.getElementById("bell-said");
  const name = `guanlan-bell-${person}`;
  const others = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
  let heard = 0;
  let source = null;
  let release = null;
  let known = null;

  const count = () => document.getElementById("bell-count");
  function ask() { htmx.trigger(count(), "ring"); }
  function told(n) {
    heard = Date.now();
    if (String(n) !== count().dataset.n) ask();
  }
  function listen() {
    source = new EventSource(address);
    source.addEventListener("bell", (event) => {
      const { n } = JSON.parse(event.data);
      told(n);
      if (others) others.postMessage(n);
    });
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) setTimeout(() => { if (release) listen(); }, AGAIN);
    });
  }
  function begin() {
    if (!address || !others || !navigator.locks) return;
    navigator.locks.request(name, () => new Promise((resolve) => { release = resolve; listen(); }));
  }
  function end() {
    if (source) source.close();
    if (release) release();
    source = release = null;
  }
  if (others) others.addEventListener("message", (event) => told(event.data));
  document.addEventListener("guanlan:bell", (event) => told(event.detail));
  setInterval(() => { if (Date.now() - heard > STALE) ask(); }, ASK);
  addEventListener("pagehide", end);
  addEventListener("pageshow", (event) => { if (event.persisted) begin(); });
  begin();

  // More than before is said aloud; what was there when the page came is not.
  document.addEventListener("htmx:afterSettle", () => {
    const n = Number(count().dataset.n);
    if (Number.isNaN(n) || n === known) return;
    if (known !== null && n > known) said.textContent = count().querySelector(".unseen").textContent;
    known = n;
  });
})();
