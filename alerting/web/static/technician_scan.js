// A node's label read by the phone: by its own detector where the browser has one, otherwise by a reader of ours, from
// the camera or from a photo. Typing the code always works, and needs none of this.

import { element, say } from "./dom.js";
import { t } from "./words.js";

const READER = "/static/vendor/qr/decode.js";
const EVERY_MS = 200;
const MOST_PX = 1200; // of a photo's longer side: a label fills a good part of it

/** @typedef {CanvasImageSource & {width?: number, height?: number, videoWidth?: number, videoHeight?: number}} Source */

const code = /** @type {HTMLInputElement} */ (element("kode"));
const form = /** @type {HTMLFormElement} */ (element("scan-form"));
const view = /** @type {HTMLVideoElement} */ (element("scan-view"));
const told = element("scan-said");
const start = element("scan-camera");
const stop = element("scan-stop");

/** @type {any} */
const Detector = /** @type {any} */ (window).BarcodeDetector;

/**
 * The picture's points, made small enough to be read at once.
 * @param {Source} source
 */
function points(source) {
  const [width, height] = [source.videoWidth || source.width || 0, source.videoHeight || source.height || 0];
  const scale = Math.min(1, MOST_PX / Math.max(width, height, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  brush?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return brush?.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * The text of a QR code in the picture; empty when there is none.
 * @param {Source} source
 * @returns {Promise<string>}
 */
async function read(source) {
  if (Detector) {
    try {
      const found = await new Detector({ formats: ["qr_code"] }).detect(source);
      if (found.length) return found[0].rawValue;
    } catch {
      // A browser that has the name and not the thing: our own reader sees next.
    }
  }
  const picture = points(source);
  if (!picture) return "";
  const { default: decode } = await import(READER);
  try {
    return decode(picture);
  } catch {
    return "";
  }
}

/** @param {string} text */
function take(text) {
  code.value = text;
  say(told, t("Label terbaca."));
  form.requestSubmit();
}

/** @param {File} file */
async function fromPhoto(file) {
  say(told, t("Membaca foto ..."));
  const text = await read(await createImageBitmap(file, { imageOrientation: "from-image" })).catch(() => "");
  if (text) take(text);
  else say(told, t("Kode tidak terbaca di foto itu: foto dari dekat, lurus dan terang, atau ketik kodenya."));
}

function close() {
  for (const track of /** @type {MediaStream | null} */ (view.srcObject)?.getTracks() ?? []) track.stop();
  view.srcObject = null;
  view.hidden = stop.hidden = true;
  start.hidden = false;
}

async function watch() {
  if (!view.srcObject) return;
  const text = view.videoWidth ? await read(view).catch(() => "") : "";
  if (text) {
    close();
    take(text);
  } else setTimeout(() => void watch(), EVERY_MS);
}

async function open() {
  try {
    view.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    await view.play();
  } catch {
    say(told, t("Kamera tidak dapat dipakai: izinkan kamera untuk halaman ini, foto labelnya, atau ketik kodenya."));
    return;
  }
  view.hidden = stop.hidden = false;
  start.hidden = true;
  say(told, t("Arahkan ke kode QR pada label."));
  void watch();
}

const part = document.querySelector(".scan");
if (part instanceof HTMLElement) part.hidden = false;
start.hidden = !navigator.mediaDevices?.getUserMedia;
start.addEventListener("click", () => void open());
stop.addEventListener("click", close);
element("scan-photo").addEventListener("change", (event) => {
  const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
  if (file) void fromPhoto(file);
});
/** @param {boolean} isGone */
const offline = (isGone) => document.querySelector(".offline")?.toggleAttribute("hidden", !isGone);
addEventListener("offline", () => offline(true));
addEventListener("online", () => offline(false));
offline(!navigator.onLine);
void navigator.serviceWorker?.register("/pemasangan-luring.js", { scope: "/pemasangan" });
