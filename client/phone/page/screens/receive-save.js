// Where the certificate that arrived shall go. The sender hears "saved" only when it is there.
import { certList, tables } from "../cards.js";
import { isPhone } from "../device.js";
import { isKept, put, turnOn } from "../keep.js";
import { containerName, dateOf, timeNow } from "../places.js";
import { canPickFolder, canShareZip, downloadFile, downloadZip, saveToFolder, shareZip } from "../save.js";
import { failure, t } from "../texts.js";
import { actions, button, choice, disclosure, foreign, h, notice, problem, steadyButton } from "../ui.js";
import { keepText } from "./keep-text.js";
import { clock, lineNews, stepList } from "../waiting.js";

const CONTAINERS = ["pkcs12", "pem"];

// Each way ends in finish(), asks something first, or says why not; then the person may take another.
class Saving {
  constructor(app, pairing) {
    this.app = app;
    this.pairing = pairing;
    this.fault = h("div");
    this.question = h("div", { class: "question" });
  }

  get certs() {
    return this.pairing.arrived;
  }

  tell(name) {
    this.fault.replaceChildren(...(name ? [problem(failure(name))] : []));
  }

  async attempt(action) {
    if (this.pairing.isSaving || this.pairing.end) return;
    this.pairing.isSaving = true;
    this.tell("");
    this.question.replaceChildren();
    try {
      await action();
    } catch (error) {
      this.tell(error?.id ?? "save-failed");
    } finally {
      this.pairing.isSaving = false;
      if (!this.question.hasChildNodes()) this.showHandedOut();
    }
  }

  show(title, ...content) {
    const heading = h("h2", { tabindex: "-1" }, title);
    this.question.replaceChildren(h("section", { class: "card" }, heading, content));
    return heading;
  }

  ask(title, ...content) {
    this.show(title, ...content).focus();
    this.question.scrollIntoView({ block: "nearest" });
  }

  finish(how, places = []) {
    this.pairing.stored(this.certs, { how, places });
    if (this.pairing.isStored) return this.app.go("receive-done", { pairing: this.pairing });
    const isShown = this.app.current === "ended" && this.app.props.pairing === this.pairing;
    return isShown && this.app.redraw(); // it ended while this was being saved: that is told there
  }

  decline() {
    if (!this.pairing.isSaving) this.pairing.refuse("declined");
  }

  async toFolder(options) {
    const result = await saveToFolder(this.certs, tables, { ...options, isWanted: () => !this.pairing.end });
    if (result?.clash) return this.askToReplace(result);
    if (!result) return undefined;
    this.pairing.isHandedOut = true;
    return this.finish("folder", result.places);
  }

  askToReplace({ folder, clash }) {
    const isOlder = clash.every(({ kind }) => kind === "renewed");
    this.ask(
      t("A certificate of this name is already in this folder"),
      h(
        "ul",
        null,
        clash.map(({ owner, name }) => h("li", null, foreign(owner || name))),
      ),
      h(
        "p",
        null,
        isOlder
          ? t("The one in the folder is older than the one that arrived.")
          : t("The one in the folder is not older than the one that arrived."),
      ),
      actions(
        button(
          t("Replace it, and keep the one that is there as a backup"),
          () => this.attempt(() => this.toFolder({ folder, mayReplace: true })),
          isOlder ? "main" : "plain",
        ),
        button(t("Choose another way to save"), () => (this.question.replaceChildren(), this.showHandedOut())),
      ),
    );
  }

  async toKeep() {
    await turnOn();
    if (this.pairing.end) return;
    await put(this.certs, tables);
    this.pairing.isHandedOut = true;
    this.finish("keep");
  }

  isOneFile() {
    return this.certs.length === 1 && CONTAINERS.includes(this.certs[0].format);
  }

  async toFile() {
    const isOne = this.isOneFile();
    const name = isOne ? await containerName(this.certs[0], "") : `certrelay-NPKI-${dateOf(timeNow())}.zip`;
    await (isOne ? downloadFile(this.certs[0]) : downloadZip(this.certs, tables));
    this.askForFile({ how: "zip", name });
  }

  async toShare() {
    const isShared = await shareZip(this.certs, tables).catch(() => this.tell("share-failed"));
    if (isShared) this.askForFile({ how: "share" });
  }

  // A browser does not say what became of a download, so the person says it, now or after another look around.
  askForFile(handedOut) {
    this.pairing.isHandedOut = true;
    this.pairing.handedOut = handedOut;
    this.showHandedOut()?.focus();
    this.question.scrollIntoView({ block: "nearest" });
  }

  showHandedOut() {
    if (!this.pairing.handedOut) return null;
    const { how, name } = this.pairing.handedOut;
    const isShare = how === "share";
    const yes = steadyButton(t("I have the file"), () => this.finish(how), "main");
    const again = button(t("Once more"), () => this.attempt(() => (isShare ? this.toShare() : this.toFile())));
    return this.show(
      t("Is the file there?"),
      h(
        "p",
        null,
        isShare
          ? t("Look where you put it, for example in the Files app.")
          : t("Look into the Downloads folder; the file is called {name}.", { name }),
      ),
      h("p", null, t('The sender is told "sent" only after you say so here.')),
      actions(yes.made, again),
    );
  }
}

function ways(saving) {
  const list = [];
  const add = (name, label, text, action) => list.push([name, label, text, () => saving.attempt(action)]);
  if (canPickFolder())
    add("keep", t("Save into a folder"), t("Puts the folder NPKI where you choose, and checks it"), () => saving.toFolder());
  if (isPhone() && canShareZip())
    add("send", t("Save with the share sheet"), t("For example into the Files app"), () => saving.toShare());
  add("receive", t("Download as a file"), t("One file in the Downloads folder"), () => saving.toFile());
  return list.map(([name, label, text, onclick], i) => choice(name, label, text, i === 0, onclick));
}

function keepOffer(saving, isOn) {
  return disclosure(
    t("Keep it in this page"),
    keepText(),
    actions(
      button(isOn ? t("Keep it here") : t("Turn keeping on, and keep it here"), () => saving.attempt(() => saving.toKeep())),
    ),
  );
}

export function receiveSave(app, { pairing }) {
  const saving = new Saving(app, pairing);
  const offer = h("div", null, keepOffer(saving, false));
  isKept().then((isOn) => isOn && offer.replaceChildren(keepOffer(saving, true)));
  saving.showHandedOut();
  const news = lineNews(pairing);
  const left = clock(pairing, t("Time left to save"));
  const body = [
    stepList(pairing),
    news.node,
    left.node,
    saving.fault,
    saving.question,
    h("div", { class: "choices" }, ways(saving)),
    offer,
    disclosure(t("What arrived"), certList(pairing.arrived)),
    actions(button(t("Do not take it"), () => saving.decline(), "quiet")),
  ];
  return { title: t("How shall it be saved?"), body, update: () => (left.update(), news.update()) };
}
