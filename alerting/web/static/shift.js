// Copies the text of the shift report. Without this it is selected and copied by hand.

const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("salin"));
const text = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("pesan-jaga"));
const told = document.getElementById("tersalin");

if (button && text && told && navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      told.textContent = button.dataset.done ?? "";
    } catch {
      text.select();
    }
  });
}
