// Nothing jumps under a reader's hand: a list that somebody just points into or types in is brought into order when the
// hand rests. What is new is announced and sounds at once all the same.

import { element } from "./dom.js";

const REST_MS = 1500;
const MOST_MS = 8000; // a hand that never rests must not hide what is new
const LISTS = ["notices", "alerts"]; // where a button could move away from under a finger

/** When a hand last moved in a list. @type {Map<string, number>} */
const touched = new Map();
/** What waits for the hand to rest, by the list, and since when. @type {Map<string, {since: number, act: () => void}>} */
const held = new Map();

/** @param {string} id */
function isRead(id) {
  return performance.now() - (touched.get(id) ?? -Infinity) < REST_MS;
}

/**
 * Do it now, or when the list it is about is no longer read; of several the last one counts.
 * @param {string} id
 * @param {() => void} act
 */
export function later(id, act) {
  if (LISTS.includes(id) && isRead(id)) {
    held.set(id, { since: held.get(id)?.since ?? performance.now(), act });
    return;
  }
  held.delete(id);
  act();
}

/** Do what waited long enough. */
export function settle() {
  for (const [id, { since, act }] of [...held]) {
    if (isRead(id) && performance.now() - since < MOST_MS) continue;
    held.delete(id);
    act();
  }
}

/** Begin to notice where the hand is. */
export function watchReading() {
  for (const id of LISTS) {
    for (const touch of ["pointermove", "pointerdown", "keydown"]) {
      element(id).addEventListener(touch, () => void touched.set(id, performance.now()), { passive: true });
    }
  }
}
