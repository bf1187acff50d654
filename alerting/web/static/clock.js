// The clock of the core: milliseconds UTC that may pass faster than real ones in a demonstration. The words for ages
// are those of alerting/web/words.py; a test compares the two.

import { element, say } from "./dom.js";
import { t } from "./words.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WIB = 7 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const STEP_BACK = 2000; // real milliseconds; more than a slow network explains means that the clock was set

let speed = 1;
/** @type {number | null} */
let offset = null;

/** @param {number} factor */
export function setSpeed(factor) {
  speed = factor;
}

/**
 * Take what the server says the time is. A message can only be late, so the earliest-looking one is the truest.
 * @param {number} ms
 */
export function setNow(ms) {
  const sample = ms - performance.now() * speed;
  if (offset === null || sample > offset || offset - sample > STEP_BACK * speed) offset = sample;
}

export function now() {
  return Math.floor(performance.now() * speed + (offset ?? 0));
}

/** @param {number} ms */
export function duration(ms) {
  ms = Math.max(ms, 0);
  if (ms < MINUTE) return t("{n} detik", { n: Math.floor(ms / 1000) });
  if (ms < HOUR) return t("{n} menit", { n: Math.floor(ms / MINUTE) });
  const isHours = ms < DAY;
  const unit = isHours ? HOUR : DAY;
  const n = Math.floor(ms / unit);
  const m = Math.floor((ms % unit) / (isHours ? MINUTE : HOUR));
  if (isHours) return m ? t("{n} jam {m} menit", { n, m }) : t("{n} jam", { n });
  return m ? t("{n} hari {m} jam", { n, m }) : t("{n} hari", { n });
}

/** @param {number} ms */
export function age(ms) {
  return ms < 1000 ? t("baru saja") : t("{time} lalu", { time: duration(ms) });
}

/**
 * What is left until something happens by itself.
 * @param {number} ms
 */
export function countdown(ms) {
  if (ms <= 0) return t("sekarang");
  if (ms >= HOUR) return t("{time} lagi", { time: duration(ms) });
  const seconds = Math.ceil(ms / 1000);
  return t("{time} lagi", { time: `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}` });
}

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/** @param {number} ms */
export function hourMinute(ms) {
  const local = new Date(ms + WIB);
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

/**
 * @param {number} ms
 * @param {number} today
 * @param {string} clock
 */
function dated(ms, today, clock) {
  const local = new Date(ms + WIB);
  const isToday = Math.floor((ms + WIB) / DAY) === Math.floor((today + WIB) / DAY);
  return isToday ? clock : `${local.getUTCDate()} ${t(MONTHS[local.getUTCMonth()])} ${clock}`;
}

/**
 * `18:41:07 WIB`, with the day before it when that is not the day of `today`.
 * @param {number} ms
 * @param {number} today
 */
export function moment(ms, today) {
  return dated(ms, today, `${hourMinute(ms)}:${two(new Date(ms + WIB).getUTCSeconds())} WIB`);
}

/**
 * The same without seconds.
 * @param {number} ms
 * @param {number} today
 */
export function minute(ms, today) {
  return dated(ms, today, `${hourMinute(ms)} WIB`);
}

/** @type {Record<string, (ms: number, at: number) => string>} */
const SAID = {
  age: (ms, at) => age(at - ms),
  running: (ms, at) => duration(at - ms),
  until: (ms, at) => countdown(ms - at),
  at: moment, // said again too: at midnight today becomes yesterday
  minute,
};

/** Say every age, every moment and the clock again. */
export function tick() {
  const at = now();
  say(element("clock"), moment(at, at));
  for (const [name, words] of Object.entries(SAID)) {
    for (const place of document.querySelectorAll(`time[data-${name}]`)) {
      say(place, words(Number(place.getAttribute(`data-${name}`)), at));
    }
  }
}
