// A long work's page follows it by itself; without this it has a link to load it again.

const PAUSE_MS = 1500;

/** @param {HTMLElement} shown */
async function follow(shown) {
  while (shown.dataset.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (document.hidden) continue;
    const page = await load();
    if (page === null) continue;
    if (page.moved) {
      location.replace(page.moved);
      return;
    }
    const found = page.html && new DOMParser().parseFromString(page.html, "text/html").getElementById("work");
    if (!found) {
      location.reload();
      return;
    }
    shown.dataset.state = found.dataset.state ?? "failed";
    shown.replaceChildren(...found.childNodes);
  }
}

/** What stands at this address now, or where it leads; null while nobody answers. */
async function load() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    return answer.redirected ? { moved: answer.url } : { html: await answer.text() };
  } catch {
    return null;
  }
}

const work = document.getElementById("work");
if (work) void follow(work);
