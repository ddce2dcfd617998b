// A pick or pack list that is worked through by scanning. What the server counted is the truth;
// scans that wait to be sent are added to it on the page.

import { Queue } from "./queue.js";
import { filled, say, showWaiting, words } from "./say.js";
import { leads, onScan } from "./wedge.js";

const root = document.querySelector("[data-scan-list]");
const text = words(root);
const { station, url } = root.dataset;
const list = root.dataset.wave || root.dataset.shipment;
const target = root.dataset.wave ? { wave_no: list } : { shipment_no: list };
const HISTORY = `onhand.history.${station}.${list}`;
const STANDING = "onhand.standing."; // what the server counted last, for a page that is opened without it
const MOST_REMEMBERED = 500;
const FORGOTTEN_MS = 48 * 3600 * 1000;
const lines = [...root.querySelectorAll("[data-sku]")].map((row) => ({
  row, sku: row.dataset.sku, gtin: row.dataset.gtin, title: row.dataset.title, asksSerial: "asksSerial" in row.dataset,
  places: JSON.parse(row.dataset.places),
}));
let closed = root.dataset.closed !== undefined;
let unit = null; // goods whose serial number is scanned next: {line, code}
let history = remembered(); // items that can be taken back: {key, sku, no, units}
const queue = new Queue(root.dataset.who, root.dataset.token, showWaiting(root, { answered }));

// --- what is scanned ---

function heard(typed) {
  const [code, units] = split(typed.trim());
  if (!code || leads(code)) return undefined;
  const asked = unit;
  unit = null; // whatever comes now, it is no other unit's number
  const order = /^ONHAND-(UNDO|DONE|SHORT-[A-Z-]+)$/i.exec(code);
  if (order) return act(order[1].toUpperCase());
  if (closed) return say("no", text.late);
  const line = lines.find((one) => names(one, code));
  if (asked && !line) return count(asked.line, asked.code, 1, code);
  return line ? count(line, code, units) : say("no", text.wrong, code);
}

// "6901234567892*24" counts 24 units.
function split(typed) {
  const found = /^(.+)\*([1-9]\d{0,4})$/.exec(typed);
  return found ? [found[1].trim(), Number(found[2])] : [typed, 1];
}

function names(line, code) {
  if (code.toUpperCase() === line.sku.toUpperCase()) return true;
  if (!line.gtin) return false;
  if (code === line.gtin) return true;
  const inside = /^(?:\][A-Za-z]\d)?\(?01\)?(\d{14})/.exec(code) || /\/01\/(\d{14})/.exec(code);
  const number = inside ? inside[1] : code.replace(/^\][A-Za-z]\d/, "");
  return /^\d{8,14}$/.test(number) && number.padStart(14, "0") === line.gtin.padStart(14, "0");
}

function act(order) {
  if (order === "UNDO") return undo();
  if (order === "DONE") return confirm("");
  return confirm(order.slice("SHORT-".length).toLowerCase().replaceAll("-", "_"));
}

// A code longer than a GTIN may say the number itself; the server reads it, or asks for it.
function asksNumber(line, code, serial) {
  if (!line.asksSerial || serial) return false;
  if (station === "pack") return false; // mostly taken at the pick; where not, the server asks
  return !/01\)?\d{14}./.test(code);
}

function ask(line, code) {
  unit = { line, code };
  say("ok", text.ask_serial, line.title);
}

function count(line, code, units, serial = "") {
  const place = line.places.find((one) => one.asked - standing(line.sku, one) >= units);
  if (!place) return say("no", text.over, line.title);
  if (asksNumber(line, code, serial)) return ask(line, code);
  const note = { list, station, sku: line.sku, no: place.no, units };
  const scan = queue.put(url, { ...target, station, kind: "item", code: names(line, code) ? code : line.sku, units, ...(serial ? { serial } : {}) }, note);
  remember([...history, { key: scan.key, sku: line.sku, no: place.no, units }]);
  show();
  return tell(line, place);
}

function undo(sku = "") {
  if (closed) return say("no", text.late);
  const last = history.filter((one) => !sku || one.sku === sku).pop();
  if (!last) return say("no", text.nothing_to_undo);
  const note = { list, station, sku: last.sku, no: last.no, units: -last.units };
  queue.put(url, { ...target, station, kind: "undo", undoes: last.key }, note);
  remember(history.filter((one) => one !== last));
  show();
  return say("ok", text.undone, lines.find((one) => one.sku === last.sku).title);
}

function confirm(reason) {
  const form = document.querySelector("[data-pack-form]");
  if (station === "pack") return form ? form.requestSubmit() : undefined;
  if (closed) return goOn();
  const left = missing();
  if (left && !reason) {
    root.querySelector("[data-reasons]").hidden = false;
    return say("no", filled(text.missing, { n: left }));
  }
  closed = true;
  queue.put(url, { ...target, station, kind: "done", ...(left ? { reason } : {}) }, { list, station, done: true });
  show();
  return undefined;
}

// A list that is confirmed and sent leads to what comes next.
function goOn() {
  const next = root.querySelector("[data-when-closed]:not([hidden]) a");
  return next ? next.click() : say("no", text.late);
}

function tell(line, place) {
  const numbers = { slot: place.slot, n: standing(line.sku, place), asked: place.asked };
  const complete = !missing();
  if (complete && station === "pack") document.querySelector("[data-pack-form] [name=weight]")?.focus();
  say(complete ? "done" : "ok", filled(place.slot ? text.slot : text.count, numbers), complete ? text.complete : line.title);
}

// --- what the server says ---

function answered(answer, entry) {
  if (!answer || entry.note.list !== list || entry.note.station !== station) return;
  const line = lines.find((one) => one.sku === answer.sku);
  const place = line && line.places.find((one) => one.no === answer.shipment_no);
  if (place && answer.asked) place.counted = answer.counted;
  if (entry.scan.kind === "done") confirmed(answer.verdict);
  stands();
  show();
  if (entry.scan.kind === "done") return;
  if (["counted", "undone"].includes(answer.verdict)) {
    if (place && place.no !== entry.note.no) tell(line, place); // somebody else picks here too
    return;
  }
  remember(history.filter((one) => one.key !== answer.key));
  if (answer.verdict === "serial_needed" && line) return ask(line, entry.scan.code);
  say("no", text[answer.verdict], line ? line.title : "");
}

function confirmed(verdict) {
  if (verdict === "incomplete") closed = false;
  const good = ["confirmed", "short"].includes(verdict);
  say(good ? "done" : "no", text[verdict]);
  if (good) remember([]);
}

// The page may be an older one that the device has kept: what it was told since then counts.
function stands() {
  const counted = lines.flatMap((line) => line.places.map((place) => [line.sku, place.no, place.counted]));
  try {
    window.localStorage.setItem(`${STANDING}${station}.${list}`, JSON.stringify({ at: Date.now(), closed, counted }));
  } catch {
    // Then a page that is opened again counts from what it was kept with.
  }
}

function stoodLast() {
  try {
    const all = Object.keys(window.localStorage).filter((name) => name.startsWith(STANDING));
    const found = Object.fromEntries(all.map((name) => [name, JSON.parse(window.localStorage.getItem(name))]));
    for (const name of all) if (found[name].at < Date.now() - FORGOTTEN_MS) window.localStorage.removeItem(name);
    return found[`${STANDING}${station}.${list}`];
  } catch {
    return undefined;
  }
}

function catchUp() {
  const last = stoodLast();
  const asked = Number(document.documentElement.dataset.keptAt || performance.timeOrigin);
  if (!last || last.at < asked) return;
  for (const [sku, no, counted] of last.counted) {
    const place = lines.find((line) => line.sku === sku)?.places.find((one) => one.no === no);
    if (place) place.counted = counted;
  }
  closed = closed || last.closed;
}

// --- counts ---

function waiting() {
  return queue.waiting().map((entry) => entry.note).filter((note) => note.list === list && note.station === station);
}

function standing(sku, place) {
  const sent = waiting().filter((note) => note.sku === sku && note.no === place.no);
  return sent.reduce((sum, note) => sum + note.units, place.counted);
}

function missing() {
  let left = 0;
  for (const line of lines) for (const place of line.places) left += place.asked - standing(line.sku, place);
  return left;
}

function show() {
  for (const line of lines) {
    const asked = line.places.reduce((sum, place) => sum + place.asked, 0);
    const counted = line.places.reduce((sum, place) => sum + standing(line.sku, place), 0);
    line.row.querySelector("[data-count]").textContent = counted;
    line.row.classList.toggle("full", counted === asked);
    line.row.querySelector("[data-take-back]").disabled = closed || !history.some((one) => one.sku === line.sku);
    line.row.querySelector("[data-add]").disabled = closed || counted === asked;
  }
  root.querySelector("[data-progress]").value = Number(root.querySelector("[data-progress]").max) - missing();
  const sent = !waiting().some((note) => note.done);
  for (const part of root.querySelectorAll("[data-while-open]")) part.hidden = closed;
  for (const part of root.querySelectorAll("[data-when-closed]")) part.hidden = !closed || !sent;
  if (closed) root.querySelector("[data-reasons]").hidden = true;
}

function remembered() {
  try {
    return JSON.parse(window.localStorage.getItem(HISTORY)) || [];
  } catch {
    return [];
  }
}

function remember(items) {
  history = items.slice(-MOST_REMEMBERED);
  try {
    if (history.length) window.localStorage.setItem(HISTORY, JSON.stringify(history));
    else window.localStorage.removeItem(HISTORY);
  } catch {
    // It is remembered as long as the page is open.
  }
}

// --- hands ---

root.addEventListener("click", (event) => {
  const line = lines.find((one) => one.row.contains(event.target));
  if (event.target.closest("[data-add]")) count(line, line.sku, 1);
  if (event.target.closest("[data-take-back]")) undo(line.sku);
  if (event.target.closest("[data-undo]")) undo();
  if (event.target.closest("[data-done]")) confirm("");
  const reason = event.target.closest("[data-reason]");
  if (reason) confirm(reason.dataset.reason);
});
root.querySelector("[data-by-hand]").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.elements.code;
  heard(field.value);
  field.value = "";
});
catchUp();
if (waiting().some((note) => note.done)) closed = true;
onScan(heard);
show();
queue.tell();
queue.send();
