// The scales: whether the boxes weigh what their goods and cartons should weigh together.

import { filled, say, words } from "./say.js";

const form = document.querySelector("[data-pack-form]");
const shown = form.querySelector("[data-expected]");
const text = JSON.parse(shown.dataset.words);
const { goods, toleranceG, tolerancePercent } = form.dataset;

function weigh() {
  const boxes = [...form.querySelectorAll("[name=weight]")].map((field) => {
    const carton = field.parentElement.querySelector("[name=carton]");
    const chosen = carton && carton.selectedOptions[0];
    return { grams: Math.round(Number(field.value.replace(",", ".")) * 1000), tare: Number((chosen && chosen.dataset.tare) || 0) };
  }).filter((box) => box.grams > 0);
  shown.hidden = !boxes.length || form.dataset.checked === undefined;
  if (shown.hidden) return;
  const expected = boxes.reduce((sum, box) => sum + box.tare, Number(goods));
  const off = Math.abs(boxes.reduce((sum, box) => sum + box.grams, 0) - expected);
  const good = off <= Number(toleranceG) || off * 100 <= expected * Number(tolerancePercent);
  shown.textContent = good ? text.good : filled(text.off, { expected: (expected / 1000).toFixed(3) });
  shown.className = good ? "sub" : "late";
  if (!good) form.querySelector("[data-why]").hidden = false;
}

form.addEventListener("submit", (event) => {
  if (navigator.onLine) return;
  event.preventDefault(); // what was weighed stays in its fields
  say("no", words(document.querySelector("[data-scan-list]")).no_network);
});
form.addEventListener("input", weigh);
weigh();
