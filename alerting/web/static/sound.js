// A short tone while something waits that nobody has taken on. Whether it can be heard is always said in words.

import { element, remember, remembered, say } from "./dom.js";
import { t } from "./words.js";

const KEY = "kentongan-suara";
const AGAIN_MS = 15_000;
const BEEP_S = 0.18;
const GAP_S = 0.12;
const LOUDNESS = 0.25;
const BEEPS = { hz: 740, count: 2 };
const WORST = { hz: 988, count: 3 }; // AWAS

/** @type {AudioContext | null} */
let context = null;
let isMuted = remembered(KEY) === "mati";
/** @type {Set<string>} */
let heard = new Set();
let playedAt = -Infinity;

/** What waits: each element that calls, by what it calls about. */
function calling() {
  return [...document.querySelectorAll("[data-sound]")].map((one) => one.getAttribute("data-sound") ?? "");
}

/** Browsers let a page sound after somebody touched it; asking earlier is refused, but on a wall nobody touches. */
function isAllowed() {
  return navigator.userActivation?.hasBeenActive || document.body.dataset.screen === "kiosk";
}

function wake() {
  if (!context && "AudioContext" in window && isAllowed()) context = new AudioContext();
  if (context?.state === "suspended" && isAllowed()) context.resume().then(look, () => undefined);
}

const canSound = () => context?.state === "running";

/** @param {{hz: number, count: number}} tone */
function play({ hz, count }) {
  if (!context) return;
  for (let turn = 0; turn < count; turn += 1) {
    const start = context.currentTime + turn * (BEEP_S + GAP_S);
    const source = context.createOscillator();
    const volume = context.createGain();
    source.frequency.value = hz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + BEEP_S);
    source.connect(volume).connect(context.destination);
    source.start(start);
    source.stop(start + BEEP_S);
  }
  document.body.dataset.toned = String(Number(document.body.dataset.toned ?? 0) + 1);
}

function saySound() {
  const words = isMuted ? t("suara mati") : canSound() ? t("suara hidup") : t("suara diblokir: klik layar");
  say(element("sound-state"), words);
  element("sound-state").className = isMuted || !canSound() ? "quiet" : "";
  say(element("sound"), isMuted ? t("Hidupkan suara") : t("Matikan suara"));
}

/** Sound for what is new at once, and for what still waits now and then. */
export function look() {
  saySound();
  const waiting = calling();
  const isNew = waiting.some((one) => !heard.has(one));
  if (!waiting.length || isMuted || !canSound()) return; // what is not heard stays new
  if (!isNew && performance.now() - playedAt < AGAIN_MS) return;
  heard = new Set(waiting);
  playedAt = performance.now();
  play(waiting.some((one) => one.startsWith("awas")) ? WORST : BEEPS);
}

/** Begin: the button, and the first touch of the page. */
export function listen() {
  const button = element("sound");
  button.hidden = document.body.dataset.screen === "kiosk";
  button.addEventListener("click", () => {
    isMuted = !isMuted;
    remember(KEY, isMuted ? "mati" : "hidup");
    playedAt = -Infinity;
    wake();
    look();
  });
  for (const touch of ["pointerup", "keyup"]) document.addEventListener(touch, wake);
  wake();
  look();
}
