// What was received, where it is now, and how a person goes on from there.
import { certList } from "../cards.js";
import { isPhone, platform } from "../device.js";
import { failure, t } from "../texts.js";
import { actions, button, disclosure, foreign, h, icon, notice } from "../ui.js";
import { lineNews, stepList } from "../waiting.js";

function downloadPlace() {
  if (platform() === "ios") return t("In the app Files, under Downloads, unless you chose another place.");
  if (platform() === "android") return t("In the app Files (or My Files), in the folder Download.");
  return t("In the Downloads folder of this computer.");
}

function placeBody({ how, places }) {
  if (how === "keep") return [h("p", null, t('In this browser, under "Kept certificates" on the first screen.'))];
  if (how === "share") return [h("p", null, t("Where you put it in the share sheet."))];
  if (how === "zip") return [h("p", null, downloadPlace())];
  return [
    h("p", null, t("In the folder you chose, read back and found unchanged:")),
    ...places.map((place) => h("p", { class: "path" }, foreign(place))),
  ];
}

function hasNpki(certs) {
  return certs.some((cert) => cert.format === "npki");
}

function hasLocked(certs) {
  return certs.some((cert) => cert.format === "pkcs12");
}

function homeOfNpki() {
  return {
    windows: t("Programs on Windows look in C:\\Users\\(your name)\\AppData\\LocalLow: put the folder NPKI there."),
    mac: t("Programs on a Mac look in Library/Preferences in your home folder: put the folder NPKI there."),
    other: t("Programs on Linux look in your home folder: put the folder NPKI there."),
  }[platform()];
}

// True of every app: what exactly it offers differs, and changes.
const ADVICE = {
  android: () => [
    t("Apps cannot look into each other, so no bank's app has the certificate yet."),
    t(
      'In the bank\'s app, open the certificate centre and look for "Import". If it lets you pick a file or folder, pick this one.',
    ),
    t("If it offers only import from a PC, use that way with the PC that has the certificate."),
    t("Old apps, on Android 10 and older, read the folder NPKI at the top of the internal storage: put it there."),
  ],
  ios: () => [
    t("Apps cannot look into each other, so no bank's app has the certificate yet."),
    t('In the bank\'s app, open the certificate centre and look for "Import". Only some apps let you pick a file.'),
    t("If it offers only import from a PC, use that way with the PC that has the certificate."),
  ],
  computer: () => [t("Programs find it only in the folder they look in."), homeOfNpki()],
};

function advice(certs, how) {
  const lines = ADVICE[platform()]?.() ?? ADVICE.computer();
  const locked = t(
    "A .p12 (.pfx) file is taken by sites that let you upload one, HomeTax for example. Do not install it into the phone or computer itself: banks do not use what is there.",
  );
  if (how === "keep") return [lines[0], t("To use it elsewhere, send it from here to that device, or save it as a file.")];
  const packed = hasNpki(certs) && how !== "folder" && t("It is a zip file: unpack it, and the folder NPKI appears.");
  const general = isPhone() ? lines.slice(0, 1) : [];
  return [packed, ...(hasNpki(certs) ? lines : general), hasLocked(certs) && locked].filter(Boolean);
}

function heard(pairing) {
  if (!pairing.end) return notice("info", h("p", null, t("Telling the sender that it is saved.")));
  if (pairing.end.end === "done") return notice("good", h("p", null, t("The sender knows that it is saved.")));
  const { what, why, todo } = failure("unheard");
  return notice("warn", h("p", { class: "what" }, what), h("p", null, why), h("p", { class: "todo" }, todo));
}

export function receiveDone(app, { pairing }) {
  const { saved, arrived } = pairing;
  const telling = h("div", { role: "status" }, heard(pairing));
  const news = lineNews(pairing);
  const update = (what) => {
    if (what === "ended") telling.replaceChildren(heard(pairing));
    news.update();
  };
  const body = [
    stepList(pairing),
    h("div", { class: "big-mark" }, icon("check")),
    telling,
    news.node,
    h("section", { class: "card" }, h("h2", null, t("Where it is")), placeBody(saved)),
    h(
      "section",
      { class: "card" },
      h("h2", null, t("What to do next")),
      h(
        "ul",
        null,
        advice(arrived, saved.how).map((line) => h("li", null, line)),
      ),
      h("p", { class: "small" }, t("Its password is the one it had on the other device.")),
      h("p", { class: "small" }, t("When a certificate is renewed or issued again, every copy of the old one stops working.")),
    ),
    disclosure(t("What was received"), certList(arrived)),
    actions(button(t("Done"), () => app.home(), "main")),
  ];
  return { title: t("Received"), body, update };
}
