// How a transfer ended, in three parts, and the way on.
import { knownFacts } from "../cards.js";
import { failure, reasonText, t } from "../texts.js";
import { actions, button, foreign, h, notice, problem } from "../ui.js";
import { withoutNumber } from "./permit.js";

// Nothing leaves before the sender's person has agreed, so a refusal of theirs means more than the receiver's.
function errorOf(pairing) {
  if (pairing.fault) return failure(pairing.fault);
  const error = failure(pairing.end.end);
  return error.name === "peer-declined" && pairing.role === "receiver" ? { ...error, why: t("Nothing was sent.") } : error;
}

function details(pairing) {
  const { end, reason, hasDataLeft } = pairing.end;
  return [
    end === "peer-refused" && reason ? h("p", null, reasonText(reason)) : null,
    pairing.isHandedOut
      ? h(
          "p",
          null,
          t("If you have the file that was saved meanwhile, it is complete and can be used. Only the sender was not told."),
        )
      : null,
    hasDataLeft
      ? h("p", null, t("The certificate had already left; it may have been stored there. Look at the other device first."))
      : null,
  ];
}

// What to do next keeps what is already chosen.
function enterNumber(app, pairing, certs) {
  if (pairing.role === "receiver") return () => app.enter("receive", { typed: {} });
  return () => app.enter(certs.length ? "send-number" : "send-choose", { certs, typed: {} });
}

function showNumber(app, pairing, certs) {
  if (pairing.role === "receiver") return () => app.meet("receive", { role: "receiver" });
  return () => app.meet("send-number", { role: "sender", certs });
}

function again(app, pairing, certs) {
  const isReceiverShown = pairing.role === "receiver" && pairing.side === "displayer";
  return isReceiverShown ? showNumber(app, pairing, certs) : enterNumber(app, pairing, certs);
}

const BEFORE_THE_NUMBER_COUNTED = ["unreachable", "relay-full", "relay-too-many", "relay-draining"];

function againLabel(pairing) {
  const isNumberGood = pairing.side === "typist" && BEFORE_THE_NUMBER_COUNTED.includes(pairing.end.end);
  if (isNumberGood) return t("Try again");
  if (pairing.role === "receiver" && pairing.side === "displayer") return t("Get a new number");
  return t("Try again with a new number");
}

// The relay said how long to wait; the button waits with it.
function waiting(pairing, retry) {
  const until = performance.now() + pairing.end.seconds * 1000;
  const text = h("p", { role: "timer", "aria-live": "off" });
  let timer = 0;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    retry.disabled = left > 0;
    text.textContent = left > 0 ? t("It asks to wait. {n} seconds left.", { n: left }) : t("You can try again now.");
    if (left <= 0) clearInterval(timer);
  };
  timer = setInterval(tick, 1000);
  tick();
  return { text, stop: () => clearInterval(timer) };
}

// What the person wanted is no failure.
function isOwnWish({ end, hasDataLeft }) {
  return ["cancelled", "declined"].includes(end) && !hasDataLeft;
}

function wishText({ end, role }) {
  if (end.end === "cancelled") return t("You stopped the transfer.");
  return role === "sender" ? t("You chose not to send it.") : t("You chose not to take it.");
}

function leftText({ role, isHandedOut }) {
  if (role === "sender") return t("The number is used up. Nothing was sent.");
  return isHandedOut
    ? t("The number is used up. If you saved a file meanwhile, delete it.")
    : t("The number is used up. Nothing was saved.");
}

export function ended(app, { pairing }) {
  const certs = [...(pairing.certs ?? [])];
  const retry = button(againLabel(pairing), again(app, pairing, certs), "main");
  const pause = pairing.end.seconds > 0 ? waiting(pairing, retry) : null;
  const isWish = isOwnWish(pairing.end);
  const isForbidden = pairing.end.end === "relay-forbidden";
  const body = [
    isWish
      ? notice("info", h("p", null, wishText(pairing)), h("p", null, leftText(pairing)))
      : problem(errorOf(pairing), details(pairing)),
    pause ? pause.text : null,
    certs.length
      ? h(
          "p",
          { class: "small" },
          t("Still chosen:"),
          " ",
          certs.map((cert) => [foreign(knownFacts(cert).owner), " "]),
        )
      : null,
    isForbidden ? withoutNumber(app, enterNumber(app, pairing, certs), showNumber(app, pairing, certs)) : null,
    actions(
      isForbidden ? null : retry,
      button(t("To the start"), () => app.home()),
    ),
  ];
  return { title: isWish ? t("Stopped") : t("It did not work"), body, leave: () => pause?.stop() };
}
