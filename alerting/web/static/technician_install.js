// The wizard on a phone: what changes is shown each second, forms go without leaving the page, and what was typed stays
// on the phone until it has arrived. Without network the page says so; nothing that was saved depends on it.

import { remember, remembered, say } from "./dom.js";
import { t } from "./words.js";

const EVERY_MS = 1000;
const PATIENCE_MS = 6000;
const SEND_MS = 60_000; // a photo over a bad network
const PHOTO_PX = 1600;
const PHOTO_QUALITY = 0.82;
const EARTH_KM = 6371;
const CACHE = "kentongan-pemasangan-1";

/** @typedef {{version: string, texts: Record<string, string>, lines: string[], ready: Record<string, boolean>}} Told */

let isSending = false; // a form is on its way: its answer draws the page
let isLeaving = false; // its answer was another page: loading this one anew would take its place

/** @returns {HTMLElement | null} */
const wizard = () => document.querySelector(".install");

/** @param {boolean} isGone */
function offline(isGone) {
  for (const part of document.querySelectorAll(".offline")) if (part instanceof HTMLElement) part.hidden = !isGone;
  document.body.classList.toggle("is-offline", isGone);
}

/** @param {HTMLFormElement} form @param {string} name */
const draftKey = (form, name) => `pasang:${form.getAttribute("action")}:${name}`;

/** @param {HTMLFormElement} form */
function typedIn(form) {
  return [...form.elements].filter(
    (part) =>
      (part instanceof HTMLInputElement && ["text", "number", ""].includes(part.getAttribute("type") ?? "")) ||
      part instanceof HTMLSelectElement,
  );
}

/** @param {HTMLFormElement} form */
function keepDraft(form) {
  for (const part of typedIn(form)) {
    const field = /** @type {HTMLInputElement} */ (part);
    remember(draftKey(form, field.name), field.value);
  }
}

/**
 * How long ago it was typed goes with it: the sensor of that moment is what a staff gauge is compared with.
 * @param {HTMLFormElement} form
 */
function noteAge(form) {
  const age = form.querySelector('input[name="umur"]');
  if (!(age instanceof HTMLInputElement)) return;
  const at = Number(remembered(draftKey(form, "typed-at")) || Date.now());
  age.value = String(Math.max(0, Math.round((Date.now() - at) / 1000)));
}

/** @param {HTMLFormElement} form */
function restoreDraft(form) {
  for (const part of typedIn(form)) {
    const field = /** @type {HTMLInputElement} */ (part);
    const kept = remembered(draftKey(form, field.name));
    if (kept && !field.value) field.value = kept;
  }
}

/** @param {HTMLFormElement} form */
function dropDraft(form) {
  for (const part of typedIn(form)) remember(draftKey(form, /** @type {HTMLInputElement} */ (part).name), "");
}

/**
 * A photo small enough for a bad network; as it is where the browser cannot read it.
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, PHOTO_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    /** @type {Blob | null} */
    const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", PHOTO_QUALITY));
    return made ?? file;
  } catch {
    return file;
  }
}

/**
 * What a form would send, with the button that was pressed.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
async function sent(form, button) {
  const data = new FormData(form);
  if (button instanceof HTMLButtonElement && button.name) data.set(button.name, button.value);
  const photo = data.get("foto");
  if (photo instanceof File && photo.size) data.set("foto", await smaller(photo), "foto.jpg");
  if (!(photo instanceof File)) return new URLSearchParams(/** @type {any} */ ([...data.entries()]));
  return data;
}

/** @param {string} html */
async function keepPage(html) {
  if (!("caches" in window)) return;
  const kept = await caches.open(CACHE);
  const headers = { "Content-Type": "text/html; charset=utf-8" };
  await kept.put(location.pathname, new Response(html, { headers }));
}

/**
 * Put what the server answered in place of the page.
 * @param {Response} answer
 * @param {HTMLFormElement} form
 */
async function show(answer, form) {
  const html = await answer.text();
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const from = fresh.querySelector("main");
  const to = document.querySelector("main");
  if (answer.ok) dropDraft(form);
  if (!from?.querySelector(".install") || !to || new URL(answer.url).pathname.split("/")[1] !== "pemasangan") {
    isLeaving = true;
    if (answer.ok && answer.redirected) await forget();
    location.assign(answer.url);
    return;
  }
  to.replaceWith(from);
  if (answer.redirected) history.replaceState(null, "", answer.url);
  begin();
  (document.querySelector(".step .wrong, .ending .wrong") ?? document.querySelector("#kini"))?.scrollIntoView({ block: "start" });
  if (answer.ok) await keepPage(html);
}

/** The work here is over: what was kept of it on this phone goes. */
async function forget() {
  if ("caches" in window) await caches.delete(CACHE);
}

/**
 * What waits can be reached and pressed; it then leads to the sentence that says why it waits.
 * @param {HTMLElement | null} button
 */
function isWaiting(button) {
  if (button?.getAttribute("aria-disabled") !== "true") return false;
  document.getElementById(button.getAttribute("aria-describedby") ?? "")?.focus();
  return true;
}

/** @param {SubmitEvent} event */
async function submit(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  event.preventDefault();
  if (isWaiting(event.submitter)) return;
  keepDraft(form);
  noteAge(form);
  isSending = true;
  const button = event.submitter;
  const word = button?.textContent ?? "";
  if (button instanceof HTMLButtonElement) {
    button.disabled = true;
    button.textContent = t("Mengirim ...");
  }
  try {
    const body = await sent(form, button);
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(SEND_MS) });
    offline(false);
    await show(answer, form);
  } catch {
    offline(true);
    document.querySelector(".offline")?.scrollIntoView({ block: "center" });
  } finally {
    isSending = false;
    if (button instanceof HTMLButtonElement && button.isConnected) {
      button.disabled = false;
      button.textContent = word;
    }
  }
}

/** @param {Told} told */
function draw(told) {
  for (const place of document.querySelectorAll("[data-live]")) {
    if (place instanceof HTMLElement) say(place, told.texts[place.dataset.live ?? ""] ?? "");
  }
  for (const list of document.querySelectorAll("[data-lines]")) {
    const said = told.lines.map((line) => Object.assign(document.createElement("li"), { textContent: line }));
    list.replaceChildren(...said);
  }
  for (const button of document.querySelectorAll("[data-ready]")) {
    const isReady = told.ready[button instanceof HTMLElement ? (button.dataset.ready ?? "") : ""] ?? false;
    button.classList.toggle("primary", isReady);
    if (isReady) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
  }
}

/** Whether somebody is in the middle of typing: the page is then not taken from under his hands. */
function isTyping() {
  return document.activeElement instanceof HTMLInputElement && document.activeElement.value !== "";
}

/** @param {HTMLElement} place */
async function look(place) {
  try {
    const answer = await fetch(place.dataset.state ?? "", { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (isLeaving) return;
    if (answer.redirected) location.assign(location.pathname);
    if (!answer.ok) throw new Error(String(answer.status));
    const told = /** @type {Told} */ (await answer.json());
    offline(false);
    if (isSending || isLeaving || !place.isConnected) return;
    if (told.version !== place.dataset.version && !isTyping()) location.reload();
    else if (told.version) draw(told);
  } catch {
    offline(true);
  }
}

async function follow() {
  const place = wizard();
  if (place && document.visibilityState === "visible") await look(place);
  setTimeout(() => void follow(), EVERY_MS);
}

/**
 * Kilometres between two places on the earth (haversine).
 * @param {number[]} one latitude and longitude in degrees
 * @param {number[]} other
 */
function apart(one, other) {
  const [a, b, c, d] = [...one, ...other].map((degrees) => (degrees * Math.PI) / 180);
  const part = Math.sin((c - a) / 2) ** 2 + Math.cos(a) * Math.cos(c) * Math.sin((d - b) / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(part));
}

/** @param {GeolocationPosition} found */
function located(found) {
  const here = [found.coords.latitude, found.coords.longitude];
  for (const [name, value] of /** @type {[string, number][]} */ ([["lintang", here[0]], ["bujur", here[1]]])) {
    for (const field of document.querySelectorAll(`input[name="${name}"]`)) {
      /** @type {HTMLInputElement} */ (field).value = value.toFixed(6);
    }
  }
  const list = document.querySelector(".choices");
  const far = [...(list?.children ?? [])].map((item) => {
    const { latitude, longitude } = /** @type {HTMLElement} */ (item).dataset;
    const km = latitude && longitude ? apart(here, [Number(latitude), Number(longitude)]) : Infinity;
    const word = item.querySelector(".far");
    if (word && Number.isFinite(km)) say(word, km < 1 ? `${Math.round(km * 1000)} m` : `${km.toFixed(1)} km`);
    return { item, km };
  });
  for (const each of far.sort((one, other) => one.km - other.km)) list?.append(each.item);
  tell(t("Posisi ponsel {lat}, {lon}, ketelitian {m} m. Yang terdekat di atas.", {
    lat: here[0].toFixed(5), lon: here[1].toFixed(5), m: Math.round(found.coords.accuracy),
  }));
}

/** @param {string} text */
function tell(text) {
  const place = document.querySelector("[data-located]");
  if (place) say(place, text);
}

function locate() {
  tell(t("Mencari posisi ..."));
  const failed = () => tell(t("Posisi tidak didapat: izinkan lokasi untuk halaman ini, atau ketik sendiri."));
  navigator.geolocation.getCurrentPosition(located, failed, { enableHighAccuracy: true, timeout: 30_000 });
}

/** Set up what stands on the page now. */
function begin() {
  for (const form of document.querySelectorAll(".install form")) {
    if (!(form instanceof HTMLFormElement)) continue;
    restoreDraft(form);
    form.addEventListener("submit", (event) => void submit(event));
    form.addEventListener("input", () => {
      keepDraft(form);
      remember(draftKey(form, "typed-at"), String(Date.now()));
    });
  }
  const button = document.querySelector("[data-locate]");
  if (button instanceof HTMLElement && "geolocation" in navigator) {
    button.hidden = false;
    button.addEventListener("click", locate);
  }
}

/** Keep this page and its files for a time without network; the first visit was before the worker was there. */
async function keep() {
  const worker = navigator.serviceWorker;
  if (!worker || !("caches" in window)) return;
  await worker.register("/pemasangan-luring.js", { scope: "/pemasangan" });
  await worker.ready;
  const names = performance.getEntriesByType("resource").map((each) => new URL(each.name).pathname);
  const files = new Set(names.filter((name) => name.startsWith("/static/")));
  await (await caches.open(CACHE)).addAll([location.pathname, ...files]);
  document.documentElement.dataset.kept = "yes";
}

begin();
void follow();
void keep().catch(() => {}); // a browser without a place for it, or a network that is gone already
