// A drawing of a plan begins where it is to be looked at: at the step that waits, else at the
// start. When its part of the page is renewed it stays where its reader had scrolled it.
(function () {
  "use strict";
  const frames = () => document.querySelectorAll("[data-flow]");
  const first = ".state-overdue, .state-failed, .state-unsure, .state-waiting, .state-running, .kind-start";
  function show(frame) {
    const box = frame.querySelector(first);
    if (!box) return;
    const part = box.getBoundingClientRect();
    const whole = frame.getBoundingClientRect();
    frame.scrollLeft += part.left + part.width / 2 - whole.left - whole.width / 2;
    if (part.bottom > whole.bottom) frame.scrollTop += part.top - whole.top - whole.height / 3;
  }
  let kept = [];
  document.addEventListener("htmx:beforeSwap", () => {
    kept = Array.from(frames(), (frame) => [frame.scrollLeft, frame.scrollTop]);
  });
  document.addEventListener("htmx:afterSwap", () => {
    frames().forEach((frame, at) => {
      if (kept[at]) [frame.scrollLeft, frame.scrollTop] = kept[at];
      else show(frame);
    });
  });
  frames().forEach(show);
})();
