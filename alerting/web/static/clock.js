// The clock of the core: milliseconds UTC that may pass faster than real ones in a demonstration. The words for ages
// are those of alerting/web/words.py; a test compares the two.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WIB = 7 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const STEP_BACK = 2000; // real milliseconds; more than a slow network explains means that the clock was set

let speed = 1;
let offset = null;

export function setSpeed(factor) {
  speed = factor;
}

/** Take what the server says the time is. A message can only be late, so the earliest-looking one is the truest. */
export function setNow(ms) {
  const sample = ms - performance.now() * speed;
  if (offset === null || sample > offset || offset - sample > STEP_BACK * speed) offset = sample;
}

export function now() {
  return Math.floor(performance.now() * speed + offset);
}

export function duration(ms) {
  ms = Math.max(ms, 0);
  if (ms < MINUTE) return `${Math.floor(ms / 1000)} detik`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} menit`;
  const [unit, name, below, belowName] = ms < DAY ? [HOUR, "jam", MINUTE, "menit"] : [DAY, "hari", HOUR, "jam"];
  const rest = Math.floor((ms % unit) / below);
  return `${Math.floor(ms / unit)} ${name}${rest ? ` ${rest} ${belowName}` : ""}`;
}

export function age(ms) {
  return ms < 1000 ? "baru saja" : `${duration(ms)} lalu`;
}

const two = (number) => String(number).padStart(2, "0");

export function hourMinute(ms) {
  const local = new Date(ms + WIB);
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

/** `18:41:07 WIB`, with the day before it when that is not the day of `today`. */
export function moment(ms, today) {
  const local = new Date(ms + WIB);
  const clock = `${hourMinute(ms)}:${two(local.getUTCSeconds())} WIB`;
  const isToday = Math.floor((ms + WIB) / DAY) === Math.floor((today + WIB) / DAY);
  return isToday ? clock : `${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${clock}`;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Say every age and the clock again. */
export function tick() {
  const at = now();
  say(document.getElementById("clock"), moment(at, at));
  for (const element of document.querySelectorAll("[data-age]")) say(element, age(at - Number(element.dataset.age)));
  for (const element of document.querySelectorAll("[data-running]")) {
    say(element, duration(at - Number(element.dataset.running)));
  }
}
