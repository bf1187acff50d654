// One key for "Saya tangani". The button does the same without this.

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("tangani"));

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

document.addEventListener("keydown", (event) => {
  if (!form || event.key !== "t" || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (isTyping(event.target)) return;
  event.preventDefault();
  form.requestSubmit();
});
