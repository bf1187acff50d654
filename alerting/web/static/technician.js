// The readings of one node, asked for each second while somebody looks. When nothing comes, the page says so.

const EVERY_MS = 1000;
const PATIENCE_MS = 4000;

/** @typedef {{quantity: string, shown: string, raw: string, look: string, quality: string, age: string}} Line */
/** @typedef {{lost: boolean, heard: string, lines: Line[]}} Told */

const heard = document.querySelector("#terdengar");

/** @param {boolean} isCut */
function cut(isCut) {
  for (const [name, isHidden] of /** @type {[string, boolean][]} */ ([[".cut-off", !isCut], [".pulse", isCut]])) {
    const part = heard?.querySelector(name);
    if (part instanceof HTMLElement) part.hidden = isHidden;
  }
  document.querySelector(".now-lines")?.classList.toggle("old-now", isCut);
}

/**
 * @param {Element} row
 * @param {Line} line
 */
function draw(row, line) {
  const value = row.querySelector("b");
  if (value) {
    row.classList.toggle("changed", value.textContent !== line.shown);
    value.textContent = line.shown;
  }
  for (const [name, text] of [[".doubt", line.quality], [".raw", line.raw], [".age", line.age]]) {
    const part = row.querySelector(name);
    if (part) part.textContent = text;
  }
  row.className = row.className.replace(/\bq-\w+/, `q-${line.look}`);
}

/** @param {string} address */
async function look(address) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    const told = /** @type {Told} */ (await answer.json());
    const said = heard?.querySelector("b");
    if (said) said.textContent = told.heard;
    for (const line of told.lines) {
      const row = document.querySelector(`.now-lines [data-quantity="${CSS.escape(line.quantity)}"]`);
      if (row) draw(row, line);
    }
    cut(told.lost);
  } catch {
    cut(true);
  }
}

/** @param {string} address */
async function follow(address) {
  if (document.visibilityState === "visible") await look(address);
  setTimeout(() => void follow(address), EVERY_MS);
}

if (heard instanceof HTMLElement && heard.dataset.live) void follow(heard.dataset.live);
