// Choosing what to send: files, a folder, or something dropped; each certificate found is shown with what it says.
import { certBody, knownFacts, nowSeconds, shownFacts, tables } from "../cards.js";
import { checkCerts } from "../cert.js";
import { isPhone, platform } from "../device.js";
import { misfit } from "../entry.js";
import { certsOfFiles, entriesOfDrop, entriesOfFolder } from "../files.js";
import { get, isKept, list } from "../keep.js";
import { isSameCert } from "../places.js";
import { failure, t } from "../texts.js";
import { actions, announce, button, disclosure, foreign, h, notice, problem } from "../ui.js";

const FOUND_MAX = 200;

function canUploadFolder() {
  return !isPhone() && "webkitdirectory" in HTMLInputElement.prototype;
}

function filePicker(label, attributes, onfiles) {
  const take = (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    if (files.length) onfiles(files);
  };
  return h("label", { class: "pick button" }, h("input", { type: "file", ...attributes, onchange: take }), label);
}

function folderPicker(page) {
  if (canUploadFolder()) {
    const files = (all) => page.read(async () => all.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    return filePicker(t("Choose a folder"), { webkitdirectory: true }, files);
  }
  if (typeof showDirectoryPicker !== "function") return null;
  return button(t("Choose a folder"), () => page.read(async () => entriesOfFolder(await showDirectoryPicker({ mode: "read" }))));
}

function pickers(page) {
  const files = (all) => page.read(async () => all.map((file) => ({ path: file.name, file })));
  page.picker = filePicker(t("Choose files"), { multiple: true }, files);
  return actions(page.picker, folderPicker(page));
}

function dropZone(page) {
  if (isPhone()) return null;
  const zone = h("div", { class: "drop" }, h("p", null, t("Or drag the folder NPKI here.")));
  const over = (is) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", is);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    const entries = entriesOfDrop(event.dataTransfer); // must be asked for within the event
    page.read(() => entries);
  });
  return zone;
}

function whereHint() {
  const places = {
    windows: t(
      "On Windows they are in C:\\Users\\(your name)\\AppData\\LocalLow\\NPKI. Type this path into the window that opens.",
    ),
    mac: t("On a Mac they are in Library/Preferences/NPKI in your home folder."),
    android: t(
      "On Android they may be in the folder NPKI of the internal storage, or in a file you saved earlier. Certificates inside a bank's app can only be sent by that app.",
    ),
    ios: t(
      "On an iPhone choose a file you saved earlier, in the app Files. Certificates inside a bank's app can only be sent by that app.",
    ),
    other: t("On Linux they are in the folder NPKI in your home folder."),
  };
  return disclosure(
    t("Which files, and where are they?"),
    h(
      "p",
      null,
      t(
        "Choose signCert.der and signPri.key together (and kmCert.der, kmPri.key where they are), or one .p12, .pfx or .zip file.",
      ),
    ),
    h("p", null, places[platform()]),
  );
}

function faultCard({ fault, names }) {
  return h("li", null, problem(failure(fault), h("p", { class: "path" }, foreign((names ?? []).join(", ")))));
}

function certChoice(page, item) {
  const change = (event) => page.mark(item, event.target.checked);
  return h(
    "li",
    null,
    h(
      "label",
      { class: "cert" },
      h("input", { type: "checkbox", checked: item.isChosen, onchange: change }),
      certBody(knownFacts(item.cert)),
    ),
  );
}

class Choice {
  constructor(app, props) {
    this.app = app;
    this.props = props;
    this.place = h("div", { class: "stack" });
    this.fault = h("div");
    this.pickers = pickers(this);
    this.draw();
  }

  get found() {
    return (this.props.found ??= []);
  }

  tell(name) {
    this.fault.replaceChildren(...(name ? [problem(failure(name))] : []));
  }

  async read(entries) {
    this.tell("");
    try {
      this.add(await certsOfFiles(await entries(), tables));
    } catch (error) {
      if (error.name !== "AbortError")
        this.tell(error.id ?? (error.name === "NotAllowedError" ? "folder-denied" : "files-unreadable"));
    }
  }

  add(items) {
    const isNew = (item) => !this.found.some((old) => old.cert && isSameCert(old.cert, item.cert));
    const good = items.filter((item) => item.cert && !item.fault && isNew(item));
    const isOnly = good.length === 1 && !this.found.some((item) => item.cert);
    for (const item of good) item.isChosen = isOnly;
    this.props.found = [
      ...this.found.filter((item) => item.cert && !item.fault),
      ...good,
      ...items.filter((item) => item.fault),
    ].slice(0, FOUND_MAX);
    announce(t("Certificates found: {n}", { n: this.found.filter((item) => !item.fault).length }));
    this.draw();
  }

  linked(link) {
    const name = link.fault ?? misfit(link, "sender");
    if (name) this.tell(name);
    else this.app.go("send-choose", { ...this.props, link });
  }

  mark(item, isChosen) {
    item.isChosen = isChosen;
    this.tell("");
  }

  next() {
    const certs = this.found.filter((item) => item.isChosen).map((item) => item.cert);
    const fault = certs.length ? checkCerts(certs) : "nothing-chosen";
    if (fault) return this.tell(fault);
    return this.props.link
      ? this.app.go("send-number", { certs, link: this.props.link })
      : this.app.go("send-number", { certs, typed: {} });
  }

  draw() {
    const good = this.found.filter((item) => !item.fault);
    this.picker.classList.toggle("main", good.length === 0);
    this.place.replaceChildren(
      ...[
        good.length ? h("h2", null, t("Which one shall be sent?")) : null,
        h(
          "ul",
          { class: "certs stack" },
          good.map((item) => certChoice(this, item)),
          this.found.filter((item) => item.fault).map(faultCard),
        ),
        this.fault,
        good.length ? actions(button(t("Next"), () => this.next(), "main")) : null,
      ].filter(Boolean),
    );
  }
}

async function addKept(page, place) {
  const kept = (await isKept()) ? (await list(tables, nowSeconds())).filter((one) => !one.fault) : [];
  const take = async (one) => page.add([{ cert: await get(one.id), facts: null, fault: null, names: [] }]);
  const pick = (one) =>
    button(foreign(shownFacts(one.facts, one.cert).owner), () =>
      take(one).catch((error) => page.tell(error.id ?? "keep-unavailable")),
    );
  if (kept.length) place.replaceChildren(h("h2", null, t("Kept on this device")), actions(kept.map(pick)));
}

export function sendChoose(app, props) {
  const page = new Choice(app, props);
  const kept = h("div", { class: "stack" });
  addKept(page, kept).catch(() => {});
  const body = [
    props.link
      ? notice("info", h("p", null, t("The QR code was read. Nothing has happened yet: first choose the certificate.")))
      : null,
    h(
      "section",
      { class: "card" },
      h(
        "p",
        null,
        t("Choose the certificate's files. They leave this device only after you have seen who receives them and agreed."),
      ),
      page.pickers,
      dropZone(page),
      whereHint(),
    ),
    kept,
    page.place,
    actions(button(t("Back"), () => app.home(), "quiet")),
  ];
  return { title: t("What shall be sent?"), body, linked: (link) => page.linked(link) };
}
