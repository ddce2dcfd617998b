// What a keyboard-wedge scanner types, wherever the focus is: quick keystrokes that end with Enter.

const FAST_MS = 50; // a key, on average: nobody types into a field this quickly
const STUMBLE_MS = 250; // a busy tablet may be late with one of them
const PAUSE_MS = 1000; // outside of fields nobody types at all; after this it is another code
const SHORTEST = 3;
const SEPARATOR = "␝"; // stands for the group separator of GS1 codes, which no form may hold

const DOORS = { WAREHOUSE: "/warehouse", WAVES: "/warehouse/waves", PACK: "/warehouse/pack", "HAND-OVERS": "/warehouse/hand-overs" };

// A barcode of the sheet may lead to another page, from wherever it is scanned.
export function leads(code) {
  const door = /^ONHAND-GO-([A-Z-]+)$/i.exec(code.trim());
  if (!door || !DOORS[door[1].toUpperCase()]) return false;
  window.location.assign(DOORS[door[1].toUpperCase()]);
  return true;
}

export function onScan(heard) {
  let typed = "";
  let first = 0;
  let last = 0;
  let field = null;
  let before = "";

  document.addEventListener("keydown", (event) => {
    const within = event.target.closest("input, textarea, select");
    if (within && within.closest("[data-by-hand]")) return; // its form hears the code itself
    if (event.timeStamp - last > (within ? STUMBLE_MS : PAUSE_MS) || within !== field) typed = "";
    if (event.key === "Enter") {
      if (typed.length < SHORTEST || (within && (last - first) / (typed.length - 1) > FAST_MS)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (field) field.value = before;
      const code = typed;
      typed = "";
      if (!leads(code)) heard(code);
      return;
    }
    const character = characterOf(event);
    if (!character) return;
    if (!typed) {
      field = within;
      before = within ? within.value : "";
      first = event.timeStamp;
    } else if (!within) {
      event.stopImmediatePropagation(); // a slash inside a code is no wish to search
    }
    if (!within && character === " ") event.preventDefault(); // nor is a blank a click
    typed += character;
    last = event.timeStamp;
  }, true);
}

function characterOf(event) {
  if (event.ctrlKey && event.key === "]") return SEPARATOR;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return "";
  if (event.key.length === 1) return event.key;
  return "";
}
