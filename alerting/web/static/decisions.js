// Says that something was decided elsewhere; nothing on the page moves by itself.

const EVERY_MS = 5000;
const bar = document.getElementById("berubah");

async function look() {
  if (!bar || document.hidden) return;
  try {
    const answer = await fetch(bar.dataset.where ?? "", { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return;
    const found = /** @type {{ keadaan: string }} */ (await answer.json());
    if (found.keadaan === bar.dataset.keadaan) return;
  } catch {
    return; // the frame says when core is away; a page that cannot ask says nothing new
  }
  const said = /** @type {HTMLElement | null} */ (bar.querySelector("[data-said]"));
  if (said && !said.textContent) said.textContent = said.dataset.said ?? "";
  bar.hidden = false;
}

setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
