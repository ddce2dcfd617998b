// Goods at the ramp, counted by scanning. The server says what each code is and keeps every scan
// once; scans wait on the device while there is no network.

import { Queue } from "./queue.js";
import { filled, say, showWaiting, words } from "./say.js";
import { leads, onScan } from "./wedge.js";

const root = document.querySelector("[data-receive]");
const text = words(root);
const { url, no } = root.dataset;
const form = root.querySelector("form");
const SETTLED_MS = 600; // then the lines are shown as the server counts them
let history = []; // keys of this page's scans, for taking back the last one
let refreshing = 0;
let unit = null; // goods whose serial number is scanned next, with what was set for them
const queue = new Queue(root.dataset.who, root.dataset.token, showWaiting(root, { answered }));

function heard(typed) {
  const [code, units] = split(typed.trim());
  const order = /^ONHAND-(UNDO|DONE)/i.exec(code);
  if (!code || leads(code)) return undefined;
  if (order) return order[1].toUpperCase() === "DONE" ? finish.requestSubmit() : undo(history[history.length - 1]);
  if (unit && !line(code)) return number(code);
  return count(code, units);
}

// The line of a SKU or a GTIN that is expected or was counted here.
function line(code) {
  const rows = [...root.querySelectorAll("[data-sku]")];
  return rows.find((row) => code.toUpperCase() === row.dataset.sku.toUpperCase() || (row.dataset.gtin && code === row.dataset.gtin));
}

function ask(scan) {
  unit = scan;
  say("ok", text.ask_serial, scan.code);
}

function number(serial) {
  const scan = { ...unit, units: 1, serial };
  unit = null;
  send(scan);
}

function send(scan) {
  const sent = queue.put(url, scan, { no, code: scan.code });
  history.push(sent.key);
  say("ok", text.sent, `${scan.units} × ${scan.code}${scan.serial ? ` · ${scan.serial}` : ""}`);
}

// "6901234567892*24" counts 24 units, whatever is set.
function split(typed) {
  const found = /^(.+)\*([1-9]\d{0,4})$/.exec(typed);
  return found ? [found[1].trim(), Number(found[2])] : [typed, set()];
}

function set() {
  const units = Number(form.elements.units.value);
  return Number.isInteger(units) && units > 0 ? Math.min(units, 1000000) : 1;
}

function count(code, units) {
  const { verdict, lot, expires_on: expires, bin } = form.elements;
  const scan = { code, units, verdict: verdict.value, lot: lot.value.trim(), bin: bin.value.trim() };
  if (expires.value) scan.expires_on = expires.value;
  unit = null;
  const known = line(code);
  if (known && "asksSerial" in known.dataset) ask(scan);
  else send(scan);
  form.elements.units.value = 1; // the next goods are others: nothing of these is said of them
  verdict.value = "accepted";
  lot.value = "";
  expires.value = "";
}

function undo(key) {
  if (!key) return say("no", text.nothing_to_undo);
  history = history.filter((one) => one !== key);
  queue.put(url, { undoes: key }, { no, code: "" });
  return undefined;
}

function answered(answer, entry) {
  if (!answer || entry.note.no !== no) return;
  const good = ["counted", "undone"].includes(answer.answer);
  if (!good) history = history.filter((key) => key !== answer.key);
  const row = [...root.querySelectorAll("[data-sku]")].find((one) => one.dataset.sku === answer.sku);
  if (answer.answer === "lot_needed") return askLot(entry.scan, row ? row.querySelector("b").textContent : answer.sku);
  if (answer.answer === "serial_needed") {
    const { key, at, ...scan } = entry.scan; // the number comes with a scan of its own
    return ask(scan);
  }
  const name = row ? row.querySelector("b").textContent : answer.sku || entry.note.code;
  say(good ? "ok" : "no", filled(text[answer.answer], { n: answer.counted }), name);
  clearTimeout(refreshing);
  refreshing = setTimeout(refresh, SETTLED_MS);
}

// What was scanned stands in the field again: with the lot it is counted by one more press.
function askLot(scan, name) {
  const { code, units, lot, expires_on: expires } = form.elements;
  code.value = scan.code;
  units.value = scan.units;
  expires.value = scan.expires_on || "";
  form.querySelector("details").open = true;
  lot.focus();
  say("no", text.lot_needed, name);
}

async function refresh() {
  try {
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-lines]");
    if (fresh) root.querySelector("[data-lines]").replaceWith(fresh);
  } catch {
    // Without a network the lines stay as they were; the scans wait.
  }
}

const finish = document.querySelector("[data-finish]");
finish.addEventListener("submit", (event) => {
  if (!queue.waiting().length) return;
  event.preventDefault();
  say("no", text.still_waiting);
});

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.undo) undo(button.dataset.undo);
  if (button.dataset.set) form.elements.units.value = button.dataset.set;
  if (button.dataset.more) form.elements.units.value = set() + 1;
  if ("less" in button.dataset) form.elements.units.value = Math.max(set() - 1, 1);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  heard(form.elements.code.value);
  form.elements.code.value = "";
});
onScan(heard);
queue.tell();
queue.send();
