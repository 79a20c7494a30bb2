// What receiving and sending have in common until the devices have met: a number shown, a link proposed, a moment's wait.
import { t } from "../texts.js";
import { actions, busy, button, h, notice } from "../ui.js";
import { cancelButton, lineNews, showHeading, showingNumber, stepList } from "../waiting.js";

// hint: who may scan it; more: what else stands on the screen.
export function showing(app, pairing, hint, more) {
  const news = lineNews(pairing);
  const number = pairing.shown ? showingNumber(app, pairing, hint) : null;
  const asking = () => busy(t("Asking the relay for a number"));
  return {
    title: showHeading(pairing.role),
    body: [stepList(pairing), news.node, number?.node ?? asking(), ...more, cancelButton(app, pairing)],
    update(what) {
      if (what === "code") return app.draw(false);
      number?.update();
      return news.update();
    },
  };
}

export function connecting(app, pairing) {
  const news = lineNews(pairing);
  return {
    title: t("Connecting to the other device"),
    body: [stepList(pairing), news.node, busy(t("One moment")), cancelButton(app, pairing)],
    update: news.update,
  };
}

// A scanned link is only a proposal until the person taps.
export function invited(app, title, label, join) {
  return {
    title,
    body: [
      notice("info", h("p", null, t("The QR code was read. Nothing has happened yet."))),
      h("p", null, t("Go on only if the code is shown on your own device, in front of you.")),
      actions(
        button(label, join, "main"),
        button(t("Not now"), () => app.home()),
      ),
    ],
  };
}
