// Makes a page of the floor, and those it leads to, ready for the Wi-Fi to go.

import { keep, kept, prune } from "./kept.js";

const FRESH_MS = 60 * 1000;
const ALWAYS = "/warehouse/offline";

export async function refresh(addresses) {
  for (const address of addresses) {
    try {
      const at = Date.now();
      const answer = await fetch(address, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) await keep(new URL(address, window.location.href).href, answer, at);
    } catch {
      return; // there is no network: what is kept stays as it is
    }
  }
}

// The first page that is opened is served by the worker once that has begun.
function served() {
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) return undefined;
  return new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
}

async function ready() {
  const worker = new URL("./worker.js", import.meta.url);
  await navigator.serviceWorker.register(worker, { scope: "/warehouse", type: "module" });
  await prune();
  const fresh = new Set((await kept()).filter((one) => one.at > Date.now() - FRESH_MS).map((one) => one.url));
  const links = [...document.querySelectorAll("[data-keep]")].map((link) => link.href);
  const first = navigator.serviceWorker.controller ? [] : [window.location.href.split("#")[0]]; // later ones it sees itself
  const wanted = [new URL(ALWAYS, window.location.href).href, ...first, ...links];
  await refresh([...new Set(wanted)].filter((address) => !fresh.has(address)));
  await served();
  document.documentElement.classList.add("works-offline");
}

// Browsers offer it over https and on the machine itself; elsewhere a page must stay open.
if ("serviceWorker" in navigator && "caches" in window) ready().catch(() => undefined);
