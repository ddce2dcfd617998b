// Pages of the floor open without a network: as they were when they were opened last, with the files
// of this build. What they said of people is kept for a shift at most, and gone after a log-out.

import { FILES, PAGES, isKept, keep, prune } from "./kept.js";

const BASE = self.location.pathname.replace(/\/floor\/worker\.js$/, "");
const OF_BUILD = `${FILES}${BASE}`;
const PATIENCE_MS = 5000; // a network that does not answer for so long is none
const LOADED = [
  "app.css", "app.js", "floor.css", "icon.svg",
  "floor/doors.js", "floor/find.js", "floor/hand-over.js", "floor/kept.js", "floor/list.js", "floor/offline.js",
  "floor/pack.js", "floor/queue.js", "floor/ready.js", "floor/receive.js", "floor/say.js", "floor/wedge.js",
  "vendor/htmx.min.js", "vendor/tabler-icons.min.css", "vendor/tabler.min.css", "vendor/fonts/tabler-icons.woff",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(OF_BUILD).then((cache) => cache.addAll(LOADED.map((name) => `${BASE}/${name}`))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([forgetOtherBuilds(), prune(), self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request, url));
  else if (request.mode === "navigate") event.respondWith(page(event, url));
});

async function forgetOtherBuilds() {
  const names = await caches.keys();
  return Promise.all(names.filter((name) => name.startsWith(FILES) && name !== OF_BUILD).map((name) => caches.delete(name)));
}

// The address of a file names its build, so a kept one is never too old. A page that was kept from
// another build gets this one's files.
async function file(request, url) {
  const own = await caches.match(request, { ignoreVary: true });
  if (own) return own;
  const same = url.pathname.replace(/^\/static\/b[0-9a-f]{12}\//, `${BASE}/`);
  return fetch(request).catch(async () => (await caches.match(same, { ignoreVary: true })) || Response.error());
}

async function page(event, url) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  const at = Date.now();
  try {
    const answer = await fetch(event.request, { signal: stop.signal });
    if (answer.ok && isKept(url)) event.waitUntil(keep(event.request.url, answer.clone(), at));
    return answer;
  } catch {
    await prune();
    const pages = await caches.open(PAGES);
    const found = await pages.match(event.request.url, { ignoreVary: true });
    return found || (await pages.match("/warehouse/offline", { ignoreVary: true })) || Response.error();
  } finally {
    clearTimeout(timer);
  }
}
