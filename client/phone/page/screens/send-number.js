// Sending: the number of the other device is entered here, or one is shown for the other device.
import { NumberEntry } from "../entry.js";
import { t } from "../texts.js";
import { actions, busy, button, disclosure, h, notice } from "../ui.js";
import { cancelButton, lineNews, showHeading, showingNumber, stepList } from "../waiting.js";

function join(app, certs, invite) {
  return app.meet("send-number", { role: "sender", certs, invite });
}

function where() {
  return disclosure(
    t("Where do I see the number?"),
    h(
      "ul",
      null,
      h("li", null, t('On the device that receives: open this page there and choose "Receive".')),
      h("li", null, t('On a PC you can also start certrelay and choose "Receive".')),
    ),
  );
}

function entering(app, certs, typed) {
  const entry = new NumberEntry(app, "sender", typed, {
    onInvite: (invite) => join(app, certs, invite),
    onLink: (link) => app.go("send-number", { certs, link }),
  });
  const body = [
    entry.node,
    where(),
    actions(
      button(t("Show a number here instead"), () => app.meet("send-number", { role: "sender", certs }), "quiet"),
      button(t("Back"), () => app.enter("send-choose", { found: certs.map((cert) => ({ cert, isChosen: true })) }), "quiet"),
    ),
  ];
  return {
    title: t("Enter the number of the device that receives"),
    body,
    leave: () => entry.stop(),
    linked: (link) => entry.linked(link),
  };
}

function invited(app, certs, link) {
  return {
    title: t("Connect to the device that receives?"),
    body: [
      notice("info", h("p", null, t("The QR code was read. Nothing has happened yet."))),
      h("p", null, t("Go on only if the code is shown on your own device, in front of you.")),
      actions(
        button(t("Connect"), () => join(app, certs, link.invite), "main"),
        button(t("Not now"), () => app.home()),
      ),
    ],
  };
}

function showing(app, pairing) {
  const news = lineNews(pairing);
  const number = pairing.shown ? showingNumber(app, pairing, t("A phone that receives can scan this instead.")) : null;
  const body = [
    stepList(pairing),
    news.node,
    number?.node ?? busy(t("Asking the relay for a number")),
    notice("warn", h("p", null, t("Show it only to your own device. Whoever enters it can ask for your certificate."))),
    cancelButton(app, pairing),
  ];
  const update = (what) => {
    if (what === "code") return app.draw(false);
    number?.update();
    return news.update();
  };
  return { title: showHeading("sender"), body, update };
}

function connecting(app, pairing) {
  const news = lineNews(pairing);
  return {
    title: t("Connecting to the other device"),
    body: [stepList(pairing), news.node, busy(t("One moment")), cancelButton(app, pairing)],
    update: news.update,
  };
}

export function sendNumber(app, { pairing, certs, link, typed }) {
  if (pairing) return pairing.side === "displayer" ? showing(app, pairing) : connecting(app, pairing);
  return link ? invited(app, certs, link) : entering(app, certs, typed ?? {});
}
