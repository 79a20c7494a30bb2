// Receiving: the number is shown here, or the one of the other device is entered; then who sends, and what.
import { checkArrived } from "../cert.js";
import { certList, peerCard } from "../cards.js";
import { NumberEntry } from "../entry.js";
import { t } from "../texts.js";
import { actions, busy, button, disclosure, h, notice } from "../ui.js";
import { cancelButton, clock, lineNews, showHeading, showingNumber, stepList } from "../waiting.js";

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

function showing(app, pairing) {
  const news = lineNews(pairing);
  const number = pairing.shown ? showingNumber(app, pairing, t("A phone that sends can scan this instead.")) : null;
  const body = [
    stepList(pairing),
    news.node,
    number?.node ?? busy(t("Asking the relay for a number")),
    howTo(),
    actions(button(t("Enter the other device's number instead"), () => app.enter("receive", { typed: {} }), "quiet")),
    cancelButton(app, pairing),
  ];
  const update = (what) => {
    if (what === "code") return app.draw(false);
    number?.update();
    return news.update();
  };
  return { title: showHeading("receiver"), body, update };
}

function connecting(app, pairing) {
  const news = lineNews(pairing);
  return {
    title: t("Connecting to the other device"),
    body: [stepList(pairing), news.node, busy(t("One moment")), cancelButton(app, pairing)],
    update: news.update,
  };
}

function join(app, invite) {
  return app.meet("receive", { role: "receiver", invite });
}

// A scanned link is only a proposal until the person taps.
function invited(app, link) {
  return {
    title: t("Receive from the other device"),
    body: [
      notice("info", h("p", null, t("The QR code was read. Nothing has happened yet."))),
      h("p", null, t("Go on only if the code is shown on your own device, in front of you.")),
      actions(
        button(t("Start receiving"), () => join(app, link.invite), "main"),
        button(t("Not now"), () => app.home()),
      ),
    ],
  };
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
  if (pairing) return pairing.side === "displayer" ? showing(app, pairing) : connecting(app, pairing);
  return link ? invited(app, link) : entering(app, typed ?? {});
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
