// Sending, once the devices are connected: who receives and whether to go on, on its way, and sent.
import { certList, peerCard } from "../cards.js";
import { failure, t } from "../texts.js";
import { actions, busy, button, disclosure, h, icon, notice, problem, steadyButton } from "../ui.js";
import { clock, lineNews, stepList } from "../waiting.js";

function warning() {
  return h(
    "section",
    { class: "alarm" },
    h("h2", null, icon("warn"), t("Did somebody tell you to do this?")),
    h("p", null, t("Banks, prosecutors and the Financial Supervisory Service never ask you to send a certificate.")),
    h("p", null, t("If somebody on the phone told you to do this, stop now.")),
  );
}

export function sendConsent(app, { pairing }) {
  const news = lineNews(pairing);
  const left = clock(pairing, t("Time left"));
  const fault = h("div");
  const consent = () => {
    if (!pairing.consent(true)) fault.replaceChildren(problem(failure("too-big")));
  };
  const agree = steadyButton(t("It is my device. Send"), consent, "main");
  const body = [
    stepList(pairing),
    news.node,
    peerCard(t("This device receives:"), pairing.hello),
    warning(),
    h("h2", null, t("What is sent")),
    certList(pairing.certs),
    h("p", null, t("Is this your own device, and shall the certificate be sent to it?")),
    fault,
    actions(
      agree.made,
      button(t("Do not send"), () => pairing.consent(false)),
    ),
    left.node,
  ];
  return { title: t("Send it to this device?"), body, update: (what) => (left.update(), news.update(), agree.look(what === "told")) };
}

export function sendProgress(app, { pairing }) {
  const news = lineNews(pairing);
  const left = clock(pairing, t("Time left"));
  const body = [
    stepList(pairing),
    news.node,
    busy(t("On its way; waiting until the other device has saved it.")),
    notice("info", h("p", null, t("Now choose on the other device how to save it. Keep this page open until then."))),
    left.node,
    actions(button(t("Stop"), () => app.mayLeave() && pairing.cancel())),
  ];
  return { title: t("Sending"), body, update: () => (left.update(), news.update()) };
}

export function sendDone(app, { pairing }) {
  const body = [
    stepList(pairing),
    h("div", { class: "big-mark" }, icon("check")),
    h("p", { class: "lead" }, t("The other device has saved it, and says that it is unchanged.")),
    h(
      "p",
      null,
      t(
        "It is not in any bank's app yet: those keep certificates to themselves. The other device says where it is and how to go on.",
      ),
    ),
    disclosure(t("What was sent"), certList(pairing.certs)),
    actions(button(t("Done"), () => app.home(), "main")),
  ];
  return { title: t("Sent"), body };
}
