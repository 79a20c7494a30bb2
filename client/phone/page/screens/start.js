// The first screen: what this is, and three ways to go.
import { isPhone } from "../device.js";
import { failure, t } from "../texts.js";
import { choice, h, notice, problem } from "../ui.js";

// What became of a transfer whose page was reloaded or thrown away.
function stageText(stage) {
  return {
    waiting: t(
      "The page was opened anew while it showed a number. That number is gone, and nothing was sent or received. Start again.",
    ),
    joining: t("The page was opened anew before anything was sent. Start again with a new number."),
    paired: t("The page was opened anew before you agreed to send. Nothing was sent. Start again with a new number."),
    receiving: t(
      'The page was opened anew before the certificate was saved. It is not here, and the sender was not told "sent". Do it again.',
    ),
    sending: t(
      "The page was opened anew while sending. Look at the other device: if the certificate is not there, send it again.",
    ),
    saved: t("The last transfer was finished: the certificate was saved before this page was opened anew."),
    sent: t("The last transfer was finished: the other device had saved the certificate."),
  }[stage];
}

function stageNotice(app) {
  const text = stageText(app.stage);
  const isGood = ["saved", "sent"].includes(app.stage);
  return text ? notice(isGood ? "good" : "warn", h("p", null, text)) : null;
}

export function start(app, { fault }) {
  const body = [
    h(
      "p",
      { class: "lead" },
      t(
        "Brings a joint certificate from one device to another, encrypted from end to end. Nothing is installed, no account is needed.",
      ),
    ),
    fault ? problem(failure(fault)) : null,
    stageNotice(app),
    h(
      "div",
      { class: "choices" },
      choice("receive", t("Receive"), t("The certificate comes to this device"), isPhone(), () =>
        app.meet("receive", { role: "receiver" }),
      ),
      choice("send", t("Send"), t("The certificate is on this device"), !isPhone(), () => app.enter("send-choose")),
      choice("keep", t("Kept certificates"), t("Only if you turned keeping on, on this device"), false, () => app.enter("keep")),
    ),
  ];
  return { title: t("Move a certificate"), body, leave: () => (app.stage = null) };
}
