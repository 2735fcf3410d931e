"use strict";
// A trial under the pointer is shown in all pictures and in the table; a click keeps it.
(() => {
  const trials = JSON.parse(document.getElementById("trials").textContent);
  const hint = document.getElementById("hint");
  let kept = null;
  const choose = (trial) => {
    for (const mark of document.querySelectorAll("[data-trial]")) mark.classList.toggle("chosen", mark.dataset.trial === trial);
  };
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest ? event.target.closest("svg [data-trial]") : null;
    hint.style.display = mark ? "block" : "none";
    choose(mark ? mark.dataset.trial : kept);
    if (!mark) return;
    hint.textContent = trials[mark.dataset.trial];
    hint.style.left = Math.min(event.clientX + 14, window.innerWidth - hint.offsetWidth - 8) + "px";
    hint.style.top = Math.min(event.clientY + 14, window.innerHeight - hint.offsetHeight - 8) + "px";
  });
  document.addEventListener("click", (event) => {
    const mark = event.target.closest ? event.target.closest("[data-trial]") : null;
    kept = mark && mark.dataset.trial !== kept ? mark.dataset.trial : null;
    choose(kept);
  });
})();
