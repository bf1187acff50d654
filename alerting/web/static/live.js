// The page stays alive: patches of ready-made fragments come by server-sent events, one per change, for everybody.

import { sendQuietly, reachByKey } from "./acknowledge.js";
import { drawCharts, noteStation } from "./chart.js";
import { moment, now, setNow, setSpeed, tick } from "./clock.js";
import { element, say } from "./dom.js";
import { parse, setFragment, setList } from "./morph.js";
import { later, settle, watchReading } from "./reading.js";
import { listen, look as lookForSound } from "./sound.js";
import { t } from "./words.js";

const TICK_MS = 1000;
const SILENT_MS = 35_000; // the server beats every 15 s; a line that is only half open makes no error
const GRACE_MS = 2000; // a cut that heals at once need not be shouted
const RETRY_MS = 3000;
const SMALL = "/peta/wilayah.json";

/**
 * @typedef {object} Patch
 * @property {number} now
 * @property {number} rev
 * @property {string} title
 * @property {boolean} lost
 * @property {Record<string, string>} set
 * @property {Record<string, string[]>} lists
 */

const body = document.body;
const stream = element("stream");
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
/** @type {{noteStations: () => void} | null} */
let map = null;

/** Fragments that came before their place in a list was there. @type {Record<string, string>} */
const unplaced = {};
/** @type {EventSource | null} */
let source = null;
/** @type {number | null} */
let rev = Number(body.dataset.rev);
let heardAt = performance.now();
let heardNow = 0;
let isCut = false;
/** @type {number | undefined} */
let retry;

function hear() {
  heardAt = performance.now();
  heardNow = now();
  if (body.dataset.stream !== "ok") {
    isCut = false;
    body.dataset.stream = "ok";
    element("cut").hidden = true;
    element("login").hidden = true;
    say(stream, t("langsung"));
  }
}

function sayCut() {
  if (isCut) return;
  isCut = true;
  body.dataset.stream = "lost";
  say(element("cut-since"), moment(heardNow, now()));
  element("cut").hidden = false;
  say(stream, t("terputus"));
  document.title = `${t("DATA TERPUTUS")} · Kentongan`; // the first patch of the next stream brings the true one
}

/** @param {number | null} after */
function open(after) {
  clearTimeout(retry);
  source?.close();
  const opened = new EventSource(after === null ? "/events" : `/events?after=${after}`);
  source = opened;
  opened.addEventListener("open", hear);
  opened.addEventListener("beat", hear);
  opened.addEventListener("patch", (event) => {
    /** @type {Patch} */
    const patch = JSON.parse(event.data);
    setNow(patch.now);
    apply(patch);
    hear();
  });
  opened.addEventListener("error", () => {
    // The browser tries again by itself unless the server refused.
    if (opened.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(() => open(rev), RETRY_MS);
    lookForLogin();
  });
}

/** A stream does not say why it was refused; a small document does. */
async function lookForLogin() {
  try {
    const answer = await fetch(SMALL, { cache: "no-cache" });
    element("login").hidden = answer.status !== 401;
  } catch {
    element("login").hidden = true; // no server: nothing to log into
  }
}

/** @returns {HTMLElement[]} */
const callers = () => [...document.querySelectorAll("[data-announce]")].map((one) => /** @type {HTMLElement} */ (one));

/** What calls for attention when it changes, by id. */
function versions() {
  return new Map(callers().map((one) => [one.id, one.dataset.version]));
}

/** @param {ReturnType<typeof versions>} before */
function announce(before) {
  const changed = callers().filter((one) => before.get(one.id) !== one.dataset.version);
  if (changed.length) say(element("announcer"), changed.map((one) => one.dataset.announce).join(" "));
  if (reducedMotion.matches) return;
  for (const one of changed) {
    one.animate([{ outlineColor: "currentColor" }, { outlineColor: "transparent" }], { duration: 3000 });
  }
}

/**
 * @param {string} id
 * @param {string} html
 */
function place(id, html) {
  if (setFragment(id, html)) return;
  unplaced[id] = html;
  const told = parse(html)?.getAttribute("data-announce"); // it may have to wait for its place, but it is said at once
  if (told) say(element("announcer"), told);
}

/**
 * @param {string} id
 * @param {string[]} members
 */
function arrange(id, members) {
  const before = versions();
  const list = element(id);
  const isWhole = setList(list, members, unplaced);
  for (const member of members) delete unplaced[member];
  const empty = list.nextElementSibling;
  if (empty instanceof HTMLElement && id !== "groups") empty.hidden = members.length > 0;
  announce(before);
  if (!isWhole) open(null); // a fragment is missing: ask for everything
}

/** @param {Patch} patch */
function apply(patch) {
  const before = versions();
  for (const [id, html] of Object.entries(patch.set)) later(id, () => place(id, html));
  announce(before);
  for (const [id, members] of Object.entries(patch.lists)) later(id, () => arrange(id, members));
  for (const id of Object.keys(patch.set)) {
    const card = document.getElementById(id);
    if (card?.dataset.station) noteStation(card);
  }
  document.title = patch.title;
  body.dataset.core = patch.lost ? "lost" : "ok";
  body.dataset.realm = element("health").dataset.realm;
  rev = patch.rev;
  map?.noteStations();
  lookForSound();
  tick();
}

function look() {
  settle();
  tick();
  lookForSound();
  const silentFor = performance.now() - heardAt;
  const isBroken = source?.readyState !== EventSource.OPEN && silentFor > GRACE_MS;
  if (isBroken || silentFor > SILENT_MS) sayCut();
  if (source?.readyState === EventSource.OPEN && silentFor > SILENT_MS) open(rev);
}

async function drawMap() {
  const { begin } = await import("./map.js");
  map = await begin(element("map"));
}

setSpeed(Number(body.dataset.speed));
setNow(Number(body.dataset.now));
heardNow = now();
tick();
watchReading();
open(rev);
setInterval(look, TICK_MS);
drawCharts();
listen();
sendQuietly();
reachByKey();
// After the first paint, and never instead of it.
if (document.getElementById("map")) setTimeout(drawMap, 0);
