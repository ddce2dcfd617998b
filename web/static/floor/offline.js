// What this device has kept, when the page that was asked for is not among it.

import { kept } from "./kept.js";

const list = document.querySelector("[data-kept]");

const shown = new Set(["/warehouse/offline"]);

for (const one of await kept()) {
  const path = new URL(one.url).pathname;
  if (shown.has(path)) continue;
  shown.add(path);
  const row = document.createElement("li");
  const link = document.createElement("a");
  link.href = one.url;
  const kind = list.dataset[path.endsWith("/scan") || path.endsWith("/pick") ? "pick" : "other"];
  link.textContent = [one.title, kind].filter(Boolean).join(" · ");
  const at = document.createElement("span");
  at.className = "sub";
  at.textContent = new Date(one.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  row.append(link, at);
  list.append(row);
}
document.querySelector("[data-none]").hidden = list.children.length > 0;

// A device says "online" when its Wi-Fi is up, which is not yet a network; and a page that a person
// has just chosen is not taken from under the finger.
let chosen = false;
list.addEventListener("click", () => { chosen = true; });
window.addEventListener("online", async () => {
  const back = await fetch("/healthz", { cache: "no-store" }).then((answer) => answer.ok, () => false);
  if (back && !chosen) window.location.reload();
});
