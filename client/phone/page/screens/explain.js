// What this page can and cannot do, and what others can see. Plainly.
import { t } from "../texts.js";
import { actions, button, h } from "../ui.js";

function part(title, ...lines) {
  return h(
    "section",
    { class: "card" },
    h("h2", null, title),
    h(
      "ul",
      null,
      lines.map((line) => h("li", null, line)),
    ),
  );
}

export function explain(app, { back }) {
  const goBack = () => app.go(...back);
  const host = location.host || t("this file");
  const body = [
    part(
      t("How it works"),
      t(
        "One device shows a number, the other one enters it. With it both prove to each other that they belong together; then the certificate passes, encrypted from device to device.",
      ),
      t("Each number works once, for a few minutes. A wrong guess uses it up."),
    ),
    part(
      t("What the relay in between can see"),
      t("The network addresses of both devices, when they were there, and about how much passed."),
      t("The first digits of the number, which device sends and which receives, and how it ended."),
    ),
    part(
      t("What the relay cannot see"),
      t("The certificate, its owner, the devices' names, the password, and the other seven digits of the number."),
      t("Whoever runs the relay can guess once at each device; a wrong guess shows as a failure there."),
    ),
    part(
      t("What this page cannot do"),
      t("It cannot put the certificate into a bank's app, nor take it out of one. Those keep certificates to themselves."),
      t("It does not ask whether a certificate was revoked: that would tell the issuer when it is moved."),
      t("It does not know the certificate's password and does not ask for it. The password stays the same."),
      t("It cannot protect you from somebody who talks you into sending your certificate."),
    ),
    part(
      t("Whom you trust"),
      t(
        "This page comes from {host}. Whoever serves it could change it, and a changed page could read the certificate. Use a page of somebody you trust.",
        { host },
      ),
      t("From one PC to another the program certrelay needs no page at all."),
    ),
    part(
      t("What stays on this device"),
      t("Nothing, unless you save a file or turn keeping on. There are no cookies, and nobody counts visits."),
    ),
    actions(button(t("Back"), goBack, "main")),
  ];
  return { title: t("What this page can and cannot do"), body, back: goBack };
}
