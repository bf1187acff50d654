// The page stays alive: patches of ready-made fragments come by server-sent events, one per change, for everybody.

import { drawCharts, noteStation } from "./chart.js";
import { moment, now, setNow, setSpeed, tick } from "./clock.js";
import { setFragment, setList } from "./morph.js";

const TICK_MS = 1000;
const SILENT_MS = 35_000; // the server beats every 15 s; a line that is only half open makes no error
const GRACE_MS = 2000; // a cut that heals at once need not be shouted
const RETRY_MS = 3000;

const body = document.body;
const stream = document.getElementById("stream");
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

let source = null;
let rev = Number(body.dataset.rev);
let heardAt = performance.now();
let heardNow = null;
let isCut = false;
let retry = null;

function hear() {
  heardAt = performance.now();
  heardNow = now();
  if (body.dataset.stream !== "ok") {
    isCut = false;
    body.dataset.stream = "ok";
    document.getElementById("cut").hidden = true;
    stream.textContent = "langsung";
  }
}

function sayCut() {
  if (isCut) return;
  isCut = true;
  body.dataset.stream = "lost";
  document.getElementById("cut-since").textContent = moment(heardNow, now());
  document.getElementById("cut").hidden = false;
  stream.textContent = "terputus";
  document.title = "DATA TERPUTUS · Kentongan"; // the first patch of the next stream brings the true one
}

function open(after) {
  clearTimeout(retry);
  source?.close();
  source = new EventSource(after === null ? "/events" : `/events?after=${after}`);
  source.addEventListener("open", hear);
  source.addEventListener("beat", hear);
  source.addEventListener("patch", (event) => {
    const patch = JSON.parse(event.data);
    setNow(patch.now);
    apply(patch);
    hear();
  });
  source.addEventListener("error", () => {
    // The browser tries again by itself unless the server refused.
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(() => open(rev), RETRY_MS);
  });
}

function announce(before, element) {
  if (!element.dataset.announce || before === element.dataset.version) return;
  document.getElementById("announcer").textContent = element.dataset.announce;
  if (!reducedMotion.matches) {
    element.animate([{ outlineColor: "currentColor" }, { outlineColor: "transparent" }], { duration: 3000 });
  }
}

function versions() {
  const found = {};
  for (const element of document.querySelectorAll("[data-announce]")) found[element.id] = element.dataset.version;
  return found;
}

function apply(patch) {
  const before = versions();
  for (const [id, html] of Object.entries(patch.set)) setFragment(id, html);
  const whole = Object.entries(patch.lists).map(([id, members]) => {
    const list = document.getElementById(id);
    const isWhole = setList(list, members, patch.set);
    if (id !== "groups") list.nextElementSibling.hidden = members.length > 0;
    return isWhole;
  });
  for (const id of Object.keys(patch.set)) {
    const element = document.getElementById(id);
    if (element?.dataset.station) noteStation(element);
    if (element?.dataset.announce) announce(before[id], element);
  }
  document.title = patch.title;
  body.dataset.core = patch.lost ? "lost" : "ok";
  body.dataset.realm = document.getElementById("health").dataset.realm;
  rev = patch.rev;
  tick();
  if (whole.includes(false)) open(null); // a fragment is missing: ask for everything
}

function look() {
  tick();
  const silentFor = performance.now() - heardAt;
  const isBroken = source.readyState !== EventSource.OPEN && silentFor > GRACE_MS;
  if (isBroken || silentFor > SILENT_MS) sayCut();
  if (source.readyState === EventSource.OPEN && silentFor > SILENT_MS) open(rev);
}

setSpeed(Number(body.dataset.speed));
setNow(Number(body.dataset.now));
heardNow = now();
tick();
open(rev);
setInterval(look, TICK_MS);
drawCharts();
