"use strict";
// Forms open as a dialog over the page; the order page hears what happens and shows it.

const dialog = document.getElementById("dialog");

function closeDialog() {
  if (dialog && dialog.open) dialog.close();
}

function clearRefusals() {
  for (const place of document.querySelectorAll("#refused, #dialog-refused")) place.replaceChildren();
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  clearRefusals();
  if (event.detail.xhr.status < 400) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
  event.detail.swapOverride = "innerHTML";
  event.detail.target = document.getElementById(dialog && dialog.open ? "dialog-refused" : "refused");
});

document.body.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.matches(".badge-place")) return; // nobody asked for it
  const place = document.getElementById(dialog && dialog.open ? "dialog-refused" : "refused");
  const box = document.createElement("div");
  box.className = "alert-box stop";
  box.textContent = document.documentElement.lang === "en" ? "The server does not answer. Please try again." : "服务器没有应答，请重试。";
  if (place) place.replaceChildren(box);
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.target) return; // a page that came back from the browser's history
  if (event.detail.target.id === "dialog-body" && dialog && !dialog.open) {
    dialog.showModal();
    const first = dialog.querySelector("textarea, input:not([type=hidden]):not([type=radio]):not([type=checkbox])");
    if (first) first.focus();
  }
  if (event.detail.target.id === "receiver" || event.detail.target.closest("#receiver")) closeDialog();
  showValues(event.detail.target);
});

document.body.addEventListener("done", () => {
  closeDialog();
  const live = document.querySelector("[data-live]");
  if (live) refresh(live);
  else window.location.reload();
});

// What a tablet kept for when there is no network goes with whoever was logged in.
function forgetPages() {
  if ("caches" in window) window.caches.delete("onhand.pages").catch(() => undefined);
}

document.addEventListener("submit", (event) => {
  if (event.target.matches('form[action="/logout"]')) forgetPages();
});
if (document.querySelector('form[action="/login"]')) forgetPages();

document.addEventListener("click", (event) => {
  if (event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    closeDialog();
  }
  if (event.target === dialog) closeDialog();
  if (event.target.closest("[data-help]")) showHelp();
  if (help && (event.target === help || event.target.closest("#help [data-close]"))) help.close();
});

// Keys for those who work without a mouse; they can be switched off in their list.
const help = document.getElementById("help");
const singleKeys = document.getElementById("single-keys");

function keysAreOn() {
  return localStorage.getItem("single-keys") !== "off";
}

function showHelp() {
  singleKeys.checked = keysAreOn();
  help.showModal();
}

if (singleKeys) {
  singleKeys.addEventListener("change", () => {
    localStorage.setItem("single-keys", singleKeys.checked ? "on" : "off");
  });
}

function goTo(step) {
  const rows = [...document.querySelectorAll("#content .list a.no")];
  if (!rows.length) return;
  const row = document.activeElement.closest(".list tr");
  const now = row ? rows.indexOf(row.querySelector("a.no")) : -1;
  const next = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const keys = {
  "/": () => {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    search.focus();
    search.select();
  },
  "?": () => help && showHelp(),
  j: () => goTo(1),
  k: () => goTo(-1),
  x: () => document.activeElement.closest(".list tr")?.querySelector("input[name=no]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("textarea, select, dialog, input:not([type=checkbox]):not([type=radio])");
  if (event.key === "Escape" && typing && !event.target.closest("dialog")) {
    event.target.blur();
    return;
  }
  if (typing || !keysAreOn()) return;
  const opens = document.querySelector(`#content [data-key="${CSS.escape(event.key)}"]`);
  if (!keys[event.key] && !opens) return;
  event.preventDefault();
  if (keys[event.key]) keys[event.key]();
  else opens.click();
});

// How many rows are chosen stands in the bar below them.
function countChosen() {
  for (const form of document.querySelectorAll("form.bulk")) {
    const boxes = [...form.querySelectorAll("input[name=no]")];
    const chosen = boxes.filter((box) => box.checked).length;
    const place = form.querySelector("[data-chosen]");
    if (place) place.textContent = String(chosen);
    const all = form.querySelector("[data-choose-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.submit();
  if (event.target.name === "action") showValues(event.target.form);
  if (event.target.matches("[data-choose-all]")) {
    for (const box of event.target.form.querySelectorAll("input[name=no]")) box.checked = event.target.checked;
  }
  if (event.target.closest("form.bulk")) countChosen();
});

// The fields of a decision belong to the actions that take values.
function showValues(root) {
  for (const group of root.querySelectorAll("[data-for]")) {
    const chosen = group.closest("form").querySelector("[name=action]:checked");
    const wanted = Boolean(chosen) && group.dataset.for.split(" ").includes(chosen.value);
    group.hidden = !wanted;
    group.disabled = !wanted;
  }
}

let refreshing = 0;

function refresh(live) {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => {
    window.htmx.ajax("GET", live.dataset.now, { target: "#now", swap: "innerHTML" });
  }, 150);
}

function addEvents(html) {
  const timeline = document.getElementById("timeline");
  const parsed = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html");
  for (const line of parsed.querySelectorAll("li.event")) {
    if (document.getElementById(line.id)) continue;
    line.classList.add("new");
    timeline.prepend(document.adoptNode(line));
  }
  if (timeline.children.length) document.querySelector("[data-no-events]")?.remove();
}

function watch(live) {
  const state = document.querySelector("[data-live-state]");
  const source = new EventSource(live.dataset.live);
  let first = true;
  source.addEventListener("open", () => { state.hidden = false; });
  source.addEventListener("error", () => { state.hidden = true; });
  source.addEventListener("change", (event) => {
    addEvents(event.data);
    if (!first) refresh(live);
    first = false;
  });
  window.addEventListener("pagehide", () => source.close());
}

const live = document.querySelector("[data-live]");
if (live) watch(live);
document.documentElement.classList.add("scripted");
countChosen();
showValues(document);
