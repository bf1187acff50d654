// Renews the page each minute while somebody looks at it, and says so when it cannot. Without it the page is whole too.

const EVERY_MS = 60_000;
const SCATTER_MS = 10_000; // so that a crowd does not ask in the same second
const FAILURES = 2;

let failures = 0;

/** @param {boolean} isOld */
function mark(isOld) {
  document.documentElement.dataset.known = isOld ? "last" : "now";
}

/**
 * Put the new page in place of the old one; the reader's place and focus stay.
 * @param {Document} fresh
 */
function show(fresh) {
  const focused = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.getAttribute("href") : null;
  for (const part of ["main", ".notes", "footer"]) {
    const from = fresh.querySelector(part);
    const to = document.querySelector(part);
    if (from && to && from.innerHTML !== to.innerHTML) to.innerHTML = from.innerHTML;
  }
  document.title = fresh.title;
  for (const name of ["drawn", "core", "realm"]) {
    const value = fresh.body.dataset[name];
    if (value === undefined) delete document.body.dataset[name];
    else document.body.dataset[name] = value;
  }
  const again = focused ? [...document.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused) : null;
  again?.focus({ preventScroll: true });
}

async function renew() {
  try {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.documentElement.dataset.known !== "now") throw new Error("kept");
    show(fresh);
    failures = 0;
  } catch {
    failures += 1;
  }
  mark(failures >= FAILURES);
}

function later() {
  setTimeout(async () => {
    if (document.visibilityState === "visible") await renew();
    later();
  }, EVERY_MS + Math.random() * SCATTER_MS);
}

/** Keep this page and its files for a time without network; the first visit was before the worker was there. */
async function keep() {
  const worker = navigator.serviceWorker;
  if (!worker) return;
  await worker.register("/sw.js", { scope: "/publik" });
  await worker.ready;
  const files = [...document.querySelectorAll("link[href], script[src]")].map(
    (each) => each.getAttribute("href") ?? each.getAttribute("src") ?? "",
  );
  const cache = await caches.open("kentongan-publik-1");
  await cache.addAll([location.pathname + location.search, ...files]);
  document.documentElement.dataset.kept = "yes";
}

if (document.documentElement.dataset.known === "last") failures = FAILURES;
if (document.body.dataset.drawn) {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void renew();
  });
  window.addEventListener("online", () => void renew());
  window.addEventListener("offline", () => mark(true));
  later();
}
if (location.pathname.startsWith("/publik")) keep().catch(() => undefined); // without it only the time offline is lost
