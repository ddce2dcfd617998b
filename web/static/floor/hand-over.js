// Parcels scanned for a driver, and his signature drawn on the tablet.

import { Queue } from "./queue.js";
import { refresh } from "./ready.js";
import { say, showWaiting, words } from "./say.js";
import { leads, onScan } from "./wedge.js";

const root = document.querySelector("[data-hand-over]");
const text = words(root);
const rows = root.querySelector("[data-rows]");
const list = root.dataset.no;
const SETTLED_MS = 1500; // then the list is kept as it stands now
let keeping = 0;
const queue = new Queue(root.dataset.who, root.dataset.token, showWaiting(root, { answered }));

function heard(typed) {
  const code = typed.trim();
  const order = /^ONHAND-(UNDO|DONE)/i.exec(code);
  if (!code || leads(code)) return;
  if (order) act(order[1].toUpperCase());
  else queue.put(root.dataset.url, { code }, { list });
}

function act(order) {
  if (order === "DONE") return document.getElementById("driver").focus();
  const last = rows.querySelector("[data-take-off]");
  return last ? last.requestSubmit() : say("no", text.nothing_to_undo);
}

function answered(answer, entry) {
  if (!answer || entry.note.list !== list) return;
  const taken = answer.verdict === "taken";
  const known = [...rows.children].some((row) => row.dataset.parcel === answer.parcel_id);
  if (taken && !known) add(answer);
  root.querySelector("[data-parcels]").textContent = answer.parcels;
  say(taken ? "ok" : "no", text[answer.verdict], answer.waybill_no || entry.scan.code);
  clearTimeout(keeping);
  keeping = setTimeout(() => refresh([window.location.href]), SETTLED_MS);
}

function add(answer) {
  const row = root.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
  row.dataset.parcel = answer.parcel_id;
  row.querySelector("b").textContent = answer.waybill_no;
  row.querySelector("[name=parcel_id]").value = answer.parcel_id;
  rows.prepend(row);
}

// --- the signature ---

const form = document.querySelector("[data-sign]");
const canvas = form.querySelector("canvas");
const pen = canvas.getContext("2d");
let drawn = false;

function at(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  Object.assign(pen, { lineWidth: 6, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
  pen.beginPath();
  pen.moveTo(...at(event));
});
canvas.addEventListener("pointermove", (event) => {
  if (!canvas.hasPointerCapture(event.pointerId)) return;
  pen.lineTo(...at(event));
  pen.stroke();
  drawn = true;
});
function wipe() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  drawn = false;
}

form.querySelector("[data-clear]").addEventListener("click", wipe);
// For a driver who cannot draw here: a keyboard, a cracked screen.
form.querySelector("[data-typed]").addEventListener("click", () => {
  const name = form.elements.driver.value.trim();
  if (!name) return form.elements.driver.focus();
  wipe();
  pen.font = "italic 160px serif";
  pen.fillStyle = "#000";
  pen.textBaseline = "middle";
  pen.fillText(name, 60, canvas.height / 2, canvas.width - 120);
  drawn = true;
  return form.querySelector("[type=submit]").focus();
});
form.addEventListener("submit", (event) => {
  if (!drawn || queue.waiting().length || !navigator.onLine) {
    event.preventDefault();
    say("no", !drawn ? text.unsigned : navigator.onLine ? text.still_waiting : text.no_network);
    return;
  }
  form.elements.signature.value = canvas.toDataURL("image/png");
});

document.querySelector("[data-by-hand]").addEventListener("submit", (event) => {
  event.preventDefault();
  heard(event.target.elements.code.value);
  event.target.elements.code.value = "";
});
onScan(heard);
queue.tell();
queue.send();
