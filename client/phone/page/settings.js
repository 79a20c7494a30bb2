// Who runs this page and which relay it uses: defaults in the document, then settings.json beside it.

const WAIT_MS = 5000;

function baked() {
  try {
    return JSON.parse(document.getElementById("settings").textContent);
  } catch {
    return {};
  }
}

export function isSingleFile() {
  return document.getElementById("core") !== null;
}

async function beside() {
  if (isSingleFile() || !location.protocol.startsWith("http")) return {};
  const late = new AbortController();
  setTimeout(() => late.abort(), WAIT_MS);
  try {
    const answer = await fetch("settings.json", { credentials: "omit", signal: late.signal });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

function ownRelay() {
  const url = new URL("/ws", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url.protocol === "ws:" && !location.host ? "" : url.href;
}

function text(value, limit) {
  return typeof value === "string" ? value.slice(0, limit) : "";
}

// ws:// only where nobody is in between.
function relayOf(value) {
  try {
    const url = new URL(value);
    const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
    return url.protocol === "wss:" || (url.protocol === "ws:" && isLocal) ? url.href : "";
  } catch {
    return "";
  }
}

export async function readSettings() {
  const found = { ...baked(), ...(await beside()) };
  return {
    relay: found.relay ? relayOf(found.relay) : location.host ? ownRelay() : "",
    isOwnRelay: !found.relay,
    name: text(found.name, 60),
    help: text(found.help, 300),
    logo: /^(https?:|data:image\/|[\w./-]+$)/.test(text(found.logo, 100000)) ? found.logo : "",
    colour: /^#[0-9a-f]{6}$/i.test(found.colour ?? "") ? found.colour : "",
  };
}

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// The organisation chooses the colour of buttons; their text stays readable on it.
export function applyColour(colour) {
  if (!colour) return;
  const style = document.documentElement.style;
  style.setProperty("--action", colour);
  style.setProperty("--on-action", 1.05 / (luminance(colour) + 0.05) >= 4.5 ? "#ffffff" : "#000000");
}

// Where the other device finds this page; a saved single file has no address, so the relay's page serves.
export function pageAddress(settings) {
  if (location.protocol.startsWith("http")) return location.origin + location.pathname;
  const url = new URL("/", settings.relay);
  url.protocol = url.protocol === "wss:" ? "https:" : "http:";
  return url.href;
}
