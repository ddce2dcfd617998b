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

document.body.addEventListener("htmx:sendError", () => {
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

document.addEventListener("click", (event) => {
  if (event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    closeDialog();
  }
  if (event.target === dialog) closeDialog();
});

// A slash goes to the search, wherever one is.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  const search = document.querySelector("[data-search]");
  if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.submit();
  if (event.target.name === "action") showValues(event.target.form);
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
showValues(document);
