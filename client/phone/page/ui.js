// Builds the page's elements from nodes alone; markup is never parsed.
import { printable } from "./printable.js";

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  receive: "M12 3v12m0 0 5-5m-5 5-5-5M4 20h16",
  send: "M12 16V4m0 0 5 5m-5-5L7 9M4 20h16",
  keep: "M4 7h16v13H4zM3 3h18v4H3zM10 11h4",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warn: "M12 4 2.5 20h19zM12 10v4m0 2.5v.5",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 5v.5m0 3V16",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  device: "M7 2.5h10v19H7zM11 18.5h2",
  back: "M14 5l-7 7 7 7",
};

function set(node, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "class") node.className = value;
  else node.setAttribute(name, value === true ? "" : value);
}

export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// Text of another device or of a file: printable, and in a direction of its own.
export function foreign(text) {
  return h("bdi", null, printable(text));
}

export function button(label, onclick, kind = "plain", attributes = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...attributes }, label);
}

const HOLD_MS = 700; // a finger that is on its way lands, and a double tap ends, sooner than that

// A button for what cannot be taken back: to fingers it is deaf whenever it has just come, or was pushed elsewhere. A key goes to
// what has the focus, so it needs no wait. look() sees whether it was pushed; look(true) is told so.
export function steadyButton(label, onclick, kind = "plain") {
  let at = null;
  let timer = 0;
  const hold = (isHeld) => made.setAttribute("aria-disabled", String(isHeld));
  const look = (isPushed = false) => {
    const now = Math.round(made.getBoundingClientRect().top + window.scrollY);
    if (now === at && !isPushed) return;
    at = now;
    hold(true);
    clearTimeout(timer);
    timer = setTimeout(hold, HOLD_MS, false);
  };
  const tapped = (event) => {
    look();
    const isKey = event.detail === 0;
    if (isKey || made.getAttribute("aria-disabled") === "false") onclick();
  };
  const made = button(label, tapped, kind);
  hold(true);
  queueMicrotask(() => look()); // by then it is on the screen
  return { made, look };
}

// A large button: what it does in a word, and what that means.
export function choice(name, label, text, isMain, onclick) {
  return h(
    "button",
    { type: "button", class: isMain ? "choice main" : "choice", onclick },
    h("span", { class: "badge" }, icon(name)),
    h("span", null, h("strong", null, label), h("span", null, text)),
  );
}

export function actions(...children) {
  return h("div", { class: "actions" }, children);
}

export function card(...children) {
  return h("section", { class: "card" }, children);
}

export function notice(kind, ...children) {
  const symbol = kind === "good" ? "check" : kind === "info" ? "info" : "warn";
  return h("div", { class: `notice ${kind}` }, icon(symbol), h("div", null, children));
}

// What happened, why, what to do.
export function problem(error, ...more) {
  return h(
    "div",
    { class: "notice bad", role: "alert", "data-error": error.name },
    icon("warn"),
    h(
      "div",
      null,
      h("p", { class: "what" }, error.what),
      error.why && h("p", null, error.why),
      more,
      error.todo && h("p", { class: "todo" }, error.todo),
    ),
  );
}

export function busy(text) {
  return h("p", { class: "busy", role: "status" }, text);
}

export function disclosure(summary, ...children) {
  return h("details", null, h("summary", null, summary), h("div", { class: "inside" }, children));
}

// Said to a screen reader, shown to nobody.
export function announce(text) {
  const status = document.getElementById("status");
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 50);
}

export function hidden(text) {
  return h("span", { class: "hidden" }, text);
}
