// What the screens of one pairing have in common: the named steps, the clock, the number, and news of the line.
import { isPhone } from "./device.js";
import { t } from "./texts.js";
import { actions, announce, button, h, hidden, notice } from "./ui.js";

const STEPS = ["connect", "number", "confirm", "send", "saved"];
const SHORT_SECONDS = 30;

function stepName(step) {
  return { connect: t("Connect"), number: t("Number"), confirm: t("Confirm"), send: t("Transfer"), saved: t("Saved") }[step];
}

export function stepList(pairing) {
  const at = STEPS.indexOf(pairing.step);
  const isAllDone = pairing.step === "saved";
  const items = STEPS.map((step, i) => {
    const isDone = i < at || isAllDone;
    return h(
      "li",
      { class: isDone ? "done" : "", "aria-current": i === at && !isAllDone ? "step" : false },
      stepName(step),
      isDone && hidden(` ${t("(done)")}`),
    );
  });
  return h("ol", { class: "steps", "aria-label": t("Progress") }, items);
}

function clockText(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// Shown every second, announced only at the marks (pairing.js).
export function clock(pairing, label, ...more) {
  const left = h("span", { class: "left", role: "timer", "aria-live": "off" });
  const update = () => {
    if (pairing.until === Infinity) return;
    const seconds = pairing.secondsLeft();
    left.textContent = t("{label} {time}", { label, time: clockText(seconds) });
    left.classList.toggle("short", seconds <= SHORT_SECONDS);
  };
  update();
  return { node: h("p", { class: "clock" }, left, more), update };
}

function newsOf(pairing) {
  if (pairing.isOffline) return t("The connection is gone. It is tried again by itself; nothing is lost.");
  if (pairing.isAway) return t("The other device is away; waiting for it to come back.");
  return pairing.leavesAt < Infinity ? t("The relay is about to restart. Finish soon, or start again in a few minutes.") : "";
}

// The line and the other device, when there is something to say of them.
export function lineNews(pairing) {
  const place = h("div", null);
  let said = "";
  const update = () => {
    const news = newsOf(pairing);
    if (news === said) return;
    said = news;
    place.replaceChildren(...(news ? [notice("warn", h("p", null, news))] : []));
    announce(news || t("Connected again."));
  };
  update();
  return { node: place, update };
}

function spoken(digits) {
  return digits
    .split(" ")
    .map((group) => group.split("").join(" "))
    .join(", ");
}

export function bigNumber(digits) {
  return h(
    "p",
    { class: "number", "data-code": digits.replaceAll(" ", "") },
    hidden(spoken(digits)),
    digits.split(" ").map((group) => h("span", { "aria-hidden": "true" }, group)),
  );
}

function qrPlace(app, fragment) {
  const place = h("div", { class: "qr" });
  import("./qr.js").then(
    ({ drawQr }) => place.replaceChildren(drawQr(app.address(fragment), t("QR code with the number"))),
    () => place.remove(),
  );
  return place;
}

export function cancelButton(app, pairing) {
  const stop = () => {
    if (!pairing.hello) app.home();
    else if (app.mayLeave()) pairing.cancel();
  };
  return actions(button(t("Stop"), stop));
}

export function showHeading(role) {
  if (role === "sender") return t("Type this number on the device that receives");
  return isPhone() ? t("Type this number on the PC") : t("Type this number on the device that sends");
}

function extendButton(pairing) {
  return button(t("More time"), () => pairing.extend(), "quiet");
}

// The number as large as it goes, the time left, and the QR code.
export function showingNumber(app, pairing, qrText) {
  const left = clock(pairing, t("Time left"), extendButton(pairing));
  const qr = h("figure", { class: "showing" }, qrPlace(app, pairing.shown.fragment), h("figcaption", { class: "small" }, qrText));
  const node = h("section", { class: "card showing" }, bigNumber(pairing.shown.digits), left.node, qr);
  return { node, update: left.update };
}
