// Receiving: the number is shown here, or the one of the other device is entered; then who sends, and what.
import { checkArrived } from "../cert.js";
import { certList, peerCard } from "../cards.js";
import { NumberEntry } from "../entry.js";
import { t } from "../texts.js";
import { actions, busy, button, disclosure, h } from "../ui.js";
import { cancelButton, clock, lineNews, stepList } from "../waiting.js";
import { connecting, invited, showing } from "./number.js";

function howTo() {
  return disclosure(
    t("Where do I type it?"),
    h(
      "ul",
      null,
      h("li", null, t('On a PC: start certrelay and choose "Send", or open this page there and choose "Send".')),
      h("li", null, t('On another phone: open this page and choose "Send", or scan the QR code with its camera.')),
    ),
  );
}

function shown(app, pairing) {
  const other = button(t("Enter the other device's number instead"), () => app.enter("receive", { typed: {} }), "quiet");
  return showing(app, pairing, t("A phone that sends can scan this instead."), [howTo(), actions(other)]);
}

function join(app, invite) {
  return app.meet("receive", { role: "receiver", invite });
}

function proposed(app, link) {
  return invited(app, t("Receive from the other device"), t("Start receiving"), () => join(app, link.invite));
}

function entering(app, typed) {
  const entry = new NumberEntry(app, "receiver", typed, {
    onInvite: (invite) => join(app, invite),
    onLink: (link) => app.go("receive", { link }),
  });
  return {
    title: t("Enter the number of the device that sends"),
    body: [
      entry.node,
      actions(
        button(t("Show a number here instead"), () => app.meet("receive", { role: "receiver" }), "quiet"),
        button(t("Back"), () => app.home(), "quiet"),
      ),
    ],
    leave: () => entry.stop(),
    linked: (link) => entry.linked(link),
  };
}

export function receive(app, { pairing, link, typed }) {
  if (pairing) return pairing.side === "displayer" ? shown(app, pairing) : connecting(app, pairing);
  return link ? proposed(app, link) : entering(app, typed ?? {});
}

function faultOf(certs) {
  try {
    checkArrived(certs);
    return "";
  } catch (error) {
    return error.id ?? "damaged-cert";
  }
}

function decline(app, pairing) {
  pairing.refuse("declined");
}

function arrivedBody(app, pairing) {
  return [
    h("h2", null, t("This has arrived")),
    certList(pairing.arrived),
    h("p", null, t('It is not saved yet. The sender is told "sent" only when you have saved it.')),
    actions(
      button(t("Choose how to save"), () => app.go("receive-save", { pairing }), "main"),
      button(t("Do not take it"), () => decline(app, pairing)),
    ),
  ];
}

export function receiveConfirm(app, { pairing }) {
  const hasArrived = pairing.arrived.length > 0;
  const fault = hasArrived ? faultOf(pairing.arrived) : "";
  if (fault) queueMicrotask(() => pairing.refuse("damaged", fault));
  const news = lineNews(pairing);
  const left = clock(pairing, t("Time left"));
  const body = [stepList(pairing), news.node, peerCard(t("This device sends:"), pairing.hello)];
  if (hasArrived && !fault) body.push(...arrivedBody(app, pairing));
  else if (!fault) body.push(busy(t("Waiting until its user agrees to send.")), cancelButton(app, pairing));
  body.push(left.node);
  const update = () => (left.update(), news.update());
  return { title: hasArrived ? t("A certificate has arrived") : t("Connected"), body, update };
}
