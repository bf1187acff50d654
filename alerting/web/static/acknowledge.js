// "Saya tangani" without leaving the page. Without this the form is sent as forms are, and the server leads back here.

import { element, say } from "./dom.js";
import { t } from "./words.js";

const REFUSED = t("Tidak tercatat. Muat ulang halaman ini, lalu coba lagi.");
const AWAY = t("Tidak tercatat: server tidak terjangkau. Coba lagi.");

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function tell(form, text) {
  const told = form.querySelector("[role=status]");
  if (told) say(told, text);
  say(element("announcer"), text);
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const button = form.querySelector("button");
  if (!button || button.ariaDisabled === "true") return;
  button.ariaDisabled = "true"; // it keeps the focus, unlike a disabled one
  try {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) fields.append(name, String(value));
    const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "manual" });
    const isDone = answer.ok || answer.type === "opaqueredirect";
    tell(form, isDone ? t("Tercatat.") : REFUSED); // the card itself changes when core says so
    if (!isDone) button.ariaDisabled = null;
  } catch {
    tell(form, AWAY);
    button.ariaDisabled = null;
  }
}

/** Forms marked data-quiet are sent in place; each carries the token of this session. */
export function sendQuietly() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.quiet === undefined) return;
    const token = form.querySelector("[name=csrf]");
    if (token instanceof HTMLInputElement) token.value = document.body.dataset.csrf ?? "";
    event.preventDefault();
    send(form);
  });
}

/** `t` takes on the alert that has the focus; elsewhere it leads to the first one that nobody has taken on. */
export function reachByKey() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "t" || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (at.closest("input, textarea, select, [contenteditable]")) return;
    const form = at.closest("article")?.querySelector("form[data-quiet]");
    if (form instanceof HTMLFormElement) form.requestSubmit();
    else /** @type {HTMLElement | null} */ (document.querySelector("form[data-quiet] button"))?.focus();
  });
}
