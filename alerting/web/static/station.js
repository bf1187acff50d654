// One station's page kept alive: its state every few seconds, and its line under mouse, fingers and keys. Without this
// script the page is whole, drawn by the server and moved by its links.

import { age, now, setNow, setSpeed } from "./clock.js";
import { element, say } from "./dom.js";
import { Plot } from "./plot.js";

/** @typedef {import("./plot.js").Picture} Picture */

const STATE_MS = 3000;
const LINE_MS = 30_000;
const SETTLE_MS = 250; // after the last movement, before history is asked
const TICK_MS = 1000;
const FAILURES = 2; // in a row, before the page says that it is cut off
const LEAST_S = 300;
const MOST_S = 3 * 366 * 86_400;
const STEP = 0.2; // of what is seen, that an arrow moves
const ZOOM = 1.4;

const holder = /** @type {HTMLElement | null} */ (document.getElementById("plot"));
const reading = document.getElementById("bacaan");
const station = location.pathname.split("/")[2];

/** @type {Plot | null} */
let plot = null;
let query = holder?.dataset.query ?? "";
let isLive = !query.includes("sampai");
let failures = 0;
let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let settling;

/** @param {string} words */
function read(words) {
  if (reading && !reading.classList.contains("stale")) say(reading, words);
}

class SessionEnded extends Error {}
class Refusal extends Error {} // with the server's own sentence

/** What the page has ready to say, in its language. @param {string} name */
function sentence(name) {
  return element("putus").dataset[name] ?? "";
}

/** @param {string} url */
async function get(url) {
  const answer = await fetch(url);
  if (answer.redirected) throw new SessionEnded();
  return answer;
}

/** Ask for the stretch of `query`; the last question wins. */
async function load() {
  if (!holder) return;
  const mine = ++asked;
  try {
    const answer = await get(`/stasiun/${station}/garis?${query}&besaran=${holder.dataset.quantity}`);
    const said = await answer.json();
    if (mine !== asked) return;
    if (!answer.ok) throw new Refusal(said.detail);
    take(/** @type {Picture} */ (said));
  } catch (error) {
    if (mine !== asked || !reading) return;
    reading.classList.add("stale");
    say(reading, error instanceof Refusal ? error.message : sentence(error instanceof SessionEnded ? "session" : "line"));
  }
}

/** @param {Picture} picture */
function take(picture) {
  if (reading?.classList.contains("stale")) {
    reading.classList.remove("stale");
    say(reading, "");
  }
  if (plot) plot.show(picture);
  else begin(picture);
  say(element("rentang-kata"), picture.said);
  setListing(picture.listing);
}

/** The table of what is drawn now, open if it was. @param {string} html */
function setListing(html) {
  const old = /** @type {HTMLDetailsElement | null} */ (document.querySelector("details.listing"));
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = /** @type {HTMLDetailsElement | null} */ (made.content.querySelector("details"));
  if (!old || !fresh) return;
  if (old.contains(document.activeElement) || old.matches(":hover")) return; // nothing jumps while somebody reads
  fresh.open = old.open;
  old.replaceWith(fresh);
}

/** @param {Picture} picture */
function begin(picture) {
  if (!holder) return;
  const drawn = holder.querySelector("svg");
  const label = drawn?.getAttribute("aria-label") ?? "";
  plot = new Plot(holder, picture, read, sentence("doubt"));
  holder.tabIndex = 0;
  holder.setAttribute("role", "group");
  holder.setAttribute("aria-label", label);
  const help = document.querySelector(".help");
  if (help instanceof HTMLElement) help.hidden = false;
  holder.addEventListener("keydown", onKey);
  holder.addEventListener("wheel", onWheel, { passive: false });
  holder.addEventListener("pointerdown", onPointer);
  holder.addEventListener("pointermove", onPointer);
  holder.addEventListener("pointerup", onRelease);
  holder.addEventListener("pointercancel", onRelease);
  new ResizeObserver(() => plot?.fit()).observe(holder);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot?.repaint());
  new MutationObserver(() => plot?.repaint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

/** @param {number} from @param {number} to seconds */
function look(from, to) {
  if (!plot) return;
  const length = Math.min(Math.max(to - from, LEAST_S), MOST_S);
  const last = Math.min(from + (to - from + length) / 2, now() / 1000);
  plot.look(last - length, last);
  query = `dari=${iso(last - length)}&sampai=${iso(last)}`;
  isLive = false;
  settle();
}

function settle() {
  clearTimeout(settling);
  settling = setTimeout(() => {
    const quantity = holder?.dataset.quantity ?? "";
    history.replaceState(null, "", `?${query}&besaran=${quantity}#garis`);
    for (const link of document.querySelectorAll("[data-span][aria-current]")) link.removeAttribute("aria-current");
    load();
  }, SETTLE_MS);
}

/** @param {number} s */
function iso(s) {
  return new Date(Math.round(s) * 1000).toISOString().replace(".000", "");
}

/** @param {number} share of what is seen */
function pan(share) {
  if (plot) look(plot.from + (plot.to - plot.from) * share, plot.to + (plot.to - plot.from) * share);
}

/** @param {number} factor over 1 looks closer @param {number} at where of what is seen, 0 to 1 */
function zoom(factor, at) {
  if (!plot) return;
  const length = plot.to - plot.from;
  const middle = plot.from + length * at;
  look(middle - (length * at) / factor, middle + (length * (1 - at)) / factor);
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => pan(-STEP),
    ArrowRight: () => pan(STEP),
    "+": () => zoom(ZOOM, 0.5),
    "=": () => zoom(ZOOM, 0.5),
    "-": () => zoom(1 / ZOOM, 0.5),
    Home: toNow,
  };
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function toNow() {
  query = "rentang=24-jam";
  isLive = true;
  settle();
}

/** @param {WheelEvent} event */
function onWheel(event) {
  if (!plot || !event.ctrlKey) return; // the bare wheel scrolls the page
  event.preventDefault();
  zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, share(event.clientX));
}

/** Where in the plot, 0 to 1. @param {number} clientX */
function share(clientX) {
  const box = /** @type {uPlot} */ (plot?.uplot).over.getBoundingClientRect();
  return Math.min(Math.max((clientX - box.left) / box.width, 0), 1);
}

/** @type {Map<number, number>} */
const fingers = new Map();

/** @param {PointerEvent} event */
function onPointer(event) {
  if (!plot || (event.type === "pointermove" && !fingers.has(event.pointerId))) return;
  if (event.type === "pointerdown") {
    if (event.button !== 0) return;
    holder?.setPointerCapture(event.pointerId);
    holder?.classList.add("dragging");
    fingers.set(event.pointerId, event.clientX);
    return;
  }
  const before = new Map(fingers);
  fingers.set(event.pointerId, event.clientX);
  if (fingers.size === 1) drag(/** @type {number} */ (before.get(event.pointerId)), event.clientX);
  else pinch([...before.values()], [...fingers.values()]);
}

/** @param {number} before @param {number} after */
function drag(before, after) {
  if (before !== after) pan(share(before) - share(after));
}

/** @param {number[]} before @param {number[]} after */
function pinch(before, after) {
  const apart = Math.abs(before[0] - before[1]);
  const wide = Math.abs(after[0] - after[1]);
  if (apart > 10 && wide > 10) zoom(wide / apart, share((after[0] + after[1]) / 2));
}

/** @param {PointerEvent} event */
function onRelease(event) {
  fingers.delete(event.pointerId);
  if (!fingers.size) holder?.classList.remove("dragging");
}

/** What the server says of the state now, in place of what stood there. */
async function refresh() {
  if (document.visibilityState === "hidden") return;
  try {
    const answer = await get(`/stasiun/${station}/keadaan`);
    if (!answer.ok) throw new Error("");
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    const fresh = made.content.querySelector("#keadaan");
    if (!(fresh instanceof HTMLElement)) throw new Error("");
    setNow(Number(fresh.dataset.now));
    element("keadaan").replaceWith(fresh);
    failures = 0;
    cut(fresh.dataset.core === "lost" ? sentence("core") : "");
  } catch (error) {
    failures += 1;
    if (failures >= FAILURES) cut(sentence(error instanceof SessionEnded ? "session" : "server"));
  }
}

/** Say that the page is cut off, and why; an empty reason takes it back. @param {string} reason */
function cut(reason) {
  document.body.dataset.stream = reason ? "lost" : "ok";
  const banner = element("putus");
  banner.hidden = !reason;
  say(element("putus-kata"), reason);
}

function tick() {
  for (const each of document.querySelectorAll("[data-age]")) {
    if (each instanceof HTMLElement) say(each, age(now() - Number(each.dataset.age)));
  }
}

const first = element("keadaan");
setSpeed(Number(first.dataset.speed));
setNow(Number(first.dataset.now));
load();
setInterval(refresh, STATE_MS);
setInterval(tick, TICK_MS);
setInterval(() => {
  if (isLive && document.visibilityState === "visible" && !fingers.size) load();
}, LINE_MS);
