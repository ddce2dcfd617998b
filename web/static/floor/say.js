// What the person with the scanner hears and sees: a word, a colour, a sound and a buzz.

const TONES = { ok: [[880, 0.08]], no: [[220, 0.22], [180, 0.3]], done: [[660, 0.09], [990, 0.14]] };
const BUZZ = { ok: 40, no: [120, 60, 200], done: [40, 40, 80] };
let sound = null;

export function words(root) {
  return JSON.parse(root.dataset.words);
}

// "{n} of {asked}" filled in.
export function filled(text, values = {}) {
  return text.replace(/{(\w+)}/g, (_, name) => (name in values ? values[name] : ""));
}

export function say(kind, text, aside = "") {
  const box = document.querySelector("[data-say]");
  box.className = `say say-${kind}`;
  box.querySelector("b").textContent = text;
  box.querySelector("span").textContent = aside;
  play(TONES[kind] || []);
  if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) navigator.vibrate(BUZZ[kind] || 0);
}

function play(tones) {
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context || (navigator.userActivation && !navigator.userActivation.hasBeenActive)) return;
  sound = sound || new Context();
  let at = sound.currentTime;
  for (const [frequency, seconds] of tones) {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = frequency;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(sound.destination);
    tone.start(at);
    tone.stop(at + seconds);
    at += seconds + 0.04;
  }
}

export function showWaiting(root, queue) {
  const text = words(root);
  return {
    waiting(mine, others) {
      const place = document.querySelector("[data-waiting]");
      place.hidden = !mine && !others;
      place.querySelector("b").textContent = mine ? filled(text.waiting, { n: mine }) : "";
      place.querySelector("span").textContent = others ? filled(text.others, { n: others }) : "";
    },
    problem() {
      say("no", text.login);
    },
    refused(entry, detail) {
      say("no", text.unusable, detail);
    },
    ...queue,
  };
}
