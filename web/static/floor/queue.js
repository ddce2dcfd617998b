// Scans that wait to be sent: kept on the device, sent in their order, each until it is answered.
// A scan carries a key of its own, so one whose answer was lost is sent again and counts once.

const PREFIX = "onhand.scan.";
const CLOCK = "onhand.clock";
const MOST_AT_ONCE = 50;
const LONGEST_WAIT_MS = 30000;
const TIMEOUT_MS = 20000;

// Where the device keeps nothing, the page does; then it must stay open.
const kept = usable() ? window.localStorage : memory();

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Queue {
  // who: whose scans; token: of their session; told: {waiting, answered, refused, problem}
  constructor(who, token, told) {
    Object.assign(this, { who, token, told, failures: 0, oneByOne: false, sending: false, timer: 0 });
    window.addEventListener("online", () => this.send());
    window.addEventListener("storage", (event) => { if (!event.key || event.key.startsWith(PREFIX)) this.tell(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.send(); });
  }

  // note: what the page wants to know about it while it waits; it is not sent.
  put(url, scan, note = {}) {
    const at = Math.max(Date.now(), Number(kept.getItem(CLOCK) || 0) + 1); // later than the one before
    kept.setItem(CLOCK, String(at));
    const whole = { key: newKey(), at: new Date(at).toISOString(), ...scan };
    kept.setItem(`${PREFIX}${String(at).padStart(15, "0")}.${whole.key}`, JSON.stringify({ who: this.who, url, scan: whole, note }));
    this.tell();
    this.send();
    return whole;
  }

  // In the order of scanning: {name, who, url, scan, note}.
  all() {
    const names = Object.keys(kept).filter((name) => name.startsWith(PREFIX)).sort();
    return names.map((name) => ({ name, ...JSON.parse(kept.getItem(name)) }));
  }

  waiting() {
    return this.all().filter((entry) => entry.who === this.who);
  }

  tell() {
    const all = this.all();
    const mine = all.filter((entry) => entry.who === this.who).length;
    this.told.waiting(mine, all.length - mine);
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    try {
      for (let batch = this.batch(); batch.length && (await this.sent(batch)); ) batch = this.batch();
    } finally {
      this.sending = false;
      this.tell();
    }
  }

  batch() {
    const waiting = this.waiting();
    const other = waiting.findIndex((entry) => entry.url !== waiting[0].url);
    const most = this.oneByOne ? 1 : MOST_AT_ONCE;
    return waiting.slice(0, Math.min(other < 0 ? waiting.length : other, most));
  }

  // Whether to go on at once.
  async sent(batch) {
    const answer = await this.post(batch[0].url, batch.map((entry) => entry.scan));
    if (!answer || answer.status >= 500 || answer.status === 429 || answer.status === 408) return this.later();
    this.failures = 0;
    if (answer.status === 401 || answer.status === 403) {
      this.told.problem("login");
      return false;
    }
    const body = await answer.json().catch(() => null);
    if (answer.ok && body) {
      const byKey = new Map(body.answers.map((one) => [one.key, one]));
      for (const entry of batch) {
        kept.removeItem(entry.name);
        this.told.answered(byKey.get(entry.scan.key), entry);
      }
      this.oneByOne = false;
      this.tell();
      return true;
    }
    if (batch.length > 1) {
      this.oneByOne = true; // one of them cannot be used: find it
      return true;
    }
    kept.removeItem(batch[0].name);
    this.told.refused(batch[0], body ? body.detail : String(answer.status));
    this.tell();
    return true;
  }

  async post(url, scans) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    try {
      return await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": this.token, "Accept-Language": document.documentElement.lang },
        body: JSON.stringify({ scans }),
        signal: stop.signal,
      });
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  later() {
    this.failures += 1;
    this.timer = setTimeout(() => this.send(), Math.min(1000 * 2 ** (this.failures - 1), LONGEST_WAIT_MS));
    return false;
  }
}

function usable() {
  try {
    window.localStorage.setItem("onhand.test", "1");
    window.localStorage.removeItem("onhand.test");
    return true;
  } catch {
    return false;
  }
}

function memory() {
  const values = {};
  for (const [name, value] of Object.entries({
    getItem: (key) => (Object.hasOwn(values, key) ? values[key] : null),
    setItem: (key, value) => { values[key] = value; },
    removeItem: (key) => { delete values[key]; },
  })) Object.defineProperty(values, name, { value, enumerable: false });
  return values;
}
