"use strict";
// Position and sound of each call move together; without this script the page is still readable.
for (const call of document.querySelectorAll(".call")) {
  const audio = call.querySelector(":scope > audio");
  if (!audio) continue;
  const wave = call.querySelector(".wave");
  const head = call.querySelector(".head");
  const turns = [...call.querySelectorAll(".turns button")];
  const list = call.querySelector(".turns");
  const length = Number(call.dataset.length) || 1;
  let at = 0;
  let until = Infinity; // where playing stops by itself: the end of what a check judged

  const show = () => {
    if (wave) {
      const share = `${Math.min(100, (100 * at) / length)}%`;
      head.setAttribute("x1", share);
      head.setAttribute("x2", share);
      wave.setAttribute("aria-valuenow", at.toFixed(1));
      wave.setAttribute("aria-valuetext", `${at.toFixed(1)} s`);
    }
    for (const turn of turns) {
      const now = at >= Number(turn.dataset.at) && at < Number(turn.dataset.end);
      if (now === turn.classList.contains("now")) continue;
      turn.classList.toggle("now", now);
      if (now) turn.setAttribute("aria-current", "true");
      else turn.removeAttribute("aria-current");
      if (now && !audio.paused) {
        // Only the transcript scrolls, never the page under the reader.
        list.scrollTop = turn.parentElement.offsetTop - list.clientHeight / 3;
      }
    }
  };
  const seek = (seconds) => {
    at = Math.max(0, Math.min(length, seconds));
    audio.currentTime = at;
    show();
  };
  const play = () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
    audio.play().catch(() => {});
  };
  const follow = () => {
    at = audio.currentTime;
    if (at >= until) {
      until = Infinity;
      audio.pause();
    }
    show();
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener("play", () => { play(); follow(); });
  audio.addEventListener("timeupdate", () => { at = audio.currentTime; show(); });
  // A seek before anything is loaded is forgotten by some browsers.
  audio.addEventListener("loadedmetadata", () => { if (audio.currentTime !== at) audio.currentTime = at; });

  call.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-at]");
    if (!button) return;
    seek(Number(button.dataset.at));
    until = button.dataset.until ? Math.max(Number(button.dataset.until), at + 1) : Infinity;
    play();
  });
  if (!wave) continue;
  wave.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    seek((length * (event.clientX - box.left)) / box.width);
    until = Infinity;
    play();
  });
  wave.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5, Home: -Infinity, End: Infinity };
    if (event.key in steps) seek(at + steps[event.key]);
    else if (event.key === " " || event.key === "Enter") audio.paused ? play() : audio.pause();
    else return;
    event.preventDefault();
  });
}
const open = () => {
  const call = location.hash && document.getElementById(location.hash.slice(1));
  if (call) { call.open = true; call.scrollIntoView(); }
};
addEventListener("hashchange", open);
open();
