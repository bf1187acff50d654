// Keeps the last page of a kelurahan for when the network is gone: shown as the last known state, never as live.
// Network first, always; what is kept is marked before it is shown, and carries the time it was made at.

const CACHE = "kentongan-publik-1";
const PATIENCE_MS = 8000;

/** @typedef {Event & { waitUntil(work: Promise<unknown>): void }} Living */
/** @typedef {Event & { request: Request, respondWith(answer: Promise<Response>): void }} Fetching */

/** @param {URL} address */
const isPage = (address) => /^\/publik(\/[0-9.]+)?$/.test(address.pathname);

/** @param {URL} address */
const isFile = (address) => /^\/static\/(public|manifest)[^/]*$/.test(address.pathname);

/**
 * A page as it was: marked, so that nobody takes it for the present.
 * @param {Response} kept
 */
async function asLastKnown(kept) {
  const html = (await kept.text())
    .replace('data-known="now"', 'data-known="last"')
    .replace(/<title>/, "<title>TERAKHIR DIKETAHUI · ");
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" } });
}

/** @param {Request} request */
async function page(request) {
  const cache = await caches.open(CACHE);
  let answer = null;
  try {
    answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) {
      await cache.put(request.url, answer.clone());
      return answer;
    }
    if (answer.status < 500) return answer;
  } catch {
    // No network, or too slow: what is kept is better than nothing, and says what it is.
  }
  const kept = await cache.match(request.url);
  return kept ? asLastKnown(kept) : (answer ?? Response.error());
}

/** @param {Request} request */
async function file(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request.url, answer.clone());
  return answer;
}

self.addEventListener("install", () => /** @type {any} */ (self).skipWaiting());

self.addEventListener("activate", (event) => {
  /** @type {Living} */ (event).waitUntil(/** @type {any} */ (self).clients.claim());
});

self.addEventListener("fetch", (event) => {
  const fetching = /** @type {Fetching} */ (event);
  const address = new URL(fetching.request.url);
  if (fetching.request.method !== "GET" || address.origin !== location.origin) return;
  if (isPage(address)) fetching.respondWith(page(fetching.request));
  else if (isFile(address)) fetching.respondWith(file(fetching.request));
});
