// Keeps the wizard's page for a time without network: what was typed is on the phone, what was saved is with core, and
// the page says that it is offline. Network first, always.

const CACHE = "kentongan-pemasangan-1";
const PATIENCE_MS = 8000;

/** @typedef {Event & { waitUntil(work: Promise<unknown>): void }} Living */
/** @typedef {Event & { request: Request, respondWith(answer: Promise<Response>): void }} Fetching */

/** @param {Request} request */
async function answer(request) {
  const kept = await caches.open(CACHE);
  const name = new URL(request.url).pathname;
  try {
    const found = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (found.ok && !found.redirected) await kept.put(name, found.clone());
    return found;
  } catch (error) {
    const last = await kept.match(name);
    if (last) return last;
    throw error;
  }
}

self.addEventListener("install", () => /** @type {any} */ (self).skipWaiting());

self.addEventListener("activate", (event) => {
  /** @type {Living} */ (event).waitUntil(/** @type {any} */ (self).clients.claim());
});

self.addEventListener("fetch", (event) => {
  const fetching = /** @type {Fetching} */ (event);
  const { request } = fetching;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  const isPage = request.mode === "navigate" && address.pathname.startsWith("/pemasangan");
  if (isPage || address.pathname.startsWith("/static/")) fetching.respondWith(answer(request));
});
