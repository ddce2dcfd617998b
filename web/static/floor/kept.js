// Pages that a device keeps for when there is no network: which, for how long, and forgetting them.

export const FILES = "onhand.files";
export const PAGES = "onhand.pages";
const SHIFT_MS = 12 * 3600 * 1000;
const MOST = 80;
const KEPT_AT = "X-Kept-At";
const TITLE = "X-Kept-Title";
const NOT_WORKED_ON = new Set(["returns", "codes", "setup", "left-overs"]);

// The doors, and the lists that are worked through: picks, packs, hand-overs.
export function isKept(url) {
  const [first, name] = url.pathname.split("/").slice(1);
  return first === "warehouse" && !NOT_WORKED_ON.has(name) && !url.searchParams.has("find") && !url.pathname.endsWith("/labels");
}

// at: when the page was asked for; it says so itself when it is opened again.
export async function keep(address, answer, at) {
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, String(at));
  const body = (await answer.text()).replace("<html ", `<html data-kept-at="${at}" `);
  const title = /<title>([^<]*)<\/title>/.exec(body);
  headers.set(TITLE, encodeURIComponent(title ? title[1].split(" · Onhand")[0] : ""));
  const pages = await caches.open(PAGES);
  await pages.put(address, new Response(body, { status: 200, headers }));
}

// The newest first: {url, at, title}.
export async function kept() {
  const pages = await caches.open(PAGES);
  const found = [];
  for (const request of await pages.keys()) {
    const answer = await pages.match(request, { ignoreVary: true });
    if (answer) found.push({ url: request.url, at: Number(answer.headers.get(KEPT_AT)), title: decodeURIComponent(answer.headers.get(TITLE)) });
  }
  return found.sort((one, other) => other.at - one.at);
}

export async function prune() {
  const pages = await caches.open(PAGES);
  const all = await kept();
  const gone = all.filter((one, number) => number >= MOST || one.at < Date.now() - SHIFT_MS);
  await Promise.all(gone.map((one) => pages.delete(one.url, { ignoreVary: true })));
}
