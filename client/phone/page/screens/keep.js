// Certificates kept in this browser, if the person turned that on: how long they last, sending and saving them again, deleting.
import { certBody, nowSeconds, shownFacts, tables } from "../cards.js";
import { keepText } from "./keep-text.js";
import { get, isKept, list, remove, turnOff, turnOn } from "../keep.js";
import { downloadZip } from "../save.js";
import { failure, t } from "../texts.js";
import { actions, announce, button, h, notice, problem, steadyButton } from "../ui.js";

class Shelf {
  constructor(app) {
    this.app = app;
    this.fault = h("div");
    this.place = h("div", { class: "stack" });
  }

  tell(name) {
    this.fault.replaceChildren(...(name ? [problem(failure(name))] : []));
  }

  async attempt(action) {
    this.tell("");
    try {
      await action();
    } catch (error) {
      this.tell(error?.id ?? "keep-unavailable");
    }
  }

  async draw() {
    const isOn = await isKept();
    this.place.replaceChildren(...(isOn ? await this.shelf() : this.offer()));
  }

  offer() {
    const on = () =>
      this.attempt(async () => {
        const { isPersistent } = await turnOn();
        await this.draw();
        announce(isPersistent ? t("Keeping is on.") : t("Keeping is on, but the browser does not promise to keep it."));
      });
    return [
      h("p", { class: "lead" }, t("Keeping is off. Nothing is stored in this browser.")),
      h(
        "section",
        { class: "card" },
        h("h2", null, t("If you turn it on")),
        keepText(),
        actions(button(t("Turn keeping on"), on)),
      ),
    ];
  }

  async shelf() {
    const entries = await list(tables, nowSeconds());
    return [
      entries.length
        ? h(
            "ul",
            { class: "certs stack" },
            entries.map((entry) => this.card(entry)),
          )
        : h("p", { class: "lead" }, t('Nothing is kept yet. Receive a certificate, and choose "Keep it in this page".')),
      h("section", { class: "card" }, h("h2", null, t("About keeping")), keepText(), this.offSwitch(entries.length)),
    ];
  }

  card(entry) {
    if (entry.fault) return h("li", null, problem(failure(entry.fault), this.deletion(entry)));
    const send = async () => this.app.enter("send-number", { certs: [await get(entry.id)], typed: {} });
    const save = async () => downloadZip([await get(entry.id)], tables);
    return h(
      "li",
      { class: "cert" },
      certBody(
        shownFacts(entry.facts, entry.cert),
        actions(
          button(t("Send"), () => this.attempt(send)),
          button(t("Save as a file"), () => this.attempt(save)),
        ),
        this.deletion(entry),
      ),
    );
  }

  // Asked in place, so that one tap never deletes, nor do two that come quickly or a key that is held.
  question(label, text, sure, action) {
    const place = h("div", { class: "stack" });
    const reset = () => place.replaceChildren(actions(button(label, ask, "quiet")));
    const ask = () => {
      const yes = steadyButton(sure, () => this.attempt(action));
      const no = button(t("No"), reset);
      place.replaceChildren(notice("warn", h("p", null, text)), actions(yes.made, no));
      no.focus();
    };
    reset();
    return place;
  }

  deletion(entry) {
    const erase = async () => {
      await remove(entry.id);
      await this.draw();
      announce(t("Deleted."));
    };
    return this.question(
      t("Delete"),
      t("It is deleted from this browser only. Files you saved stay where they are."),
      t("Yes, delete it"),
      erase,
    );
  }

  offSwitch(count) {
    const off = async () => {
      await turnOff();
      await this.draw();
      announce(t("Keeping is off. Nothing is stored in this browser."));
    };
    return this.question(
      t("Turn keeping off"),
      t("Everything kept here is deleted. Certificates: {n}", { n: count }),
      t("Yes, delete everything"),
      off,
    );
  }
}

export function keep(app) {
  const shelf = new Shelf(app);
  shelf.attempt(() => shelf.draw());
  return {
    title: t("Kept certificates"),
    body: [shelf.fault, shelf.place, actions(button(t("Back"), () => app.home(), "quiet"))],
  };
}
