// Sending: the number of the other device is entered here, or one is shown for the other device.
import { NumberEntry } from "../entry.js";
import { t } from "../texts.js";
import { actions, button, disclosure, h, notice } from "../ui.js";
import { connecting, invited, showing } from "./number.js";

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

function proposed(app, certs, link) {
  return invited(app, t("Connect to the device that receives?"), t("Connect"), () => join(app, certs, link.invite));
}

function shown(app, pairing) {
  const warning = notice("warn", h("p", null, t("Show it only to your own device. Whoever enters it can ask for your certificate.")));
  return showing(app, pairing, t("A phone that receives can scan this instead."), [warning]);
}

export function sendNumber(app, { pairing, certs, link, typed }) {
  if (pairing) return pairing.side === "displayer" ? shown(app, pairing) : connecting(app, pairing);
  return link ? proposed(app, certs, link) : entering(app, certs, typed ?? {});
}
