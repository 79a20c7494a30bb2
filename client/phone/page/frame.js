// What stands around every screen: who runs the page, the language, and words that no setting can take away.
import { currentLanguage, t } from "./texts.js";
import { foreign, h, icon } from "./ui.js";

function brand(app) {
  const { logo, name } = app.settings;
  const picture = logo ? h("img", { src: logo, alt: "" }) : icon("shield");
  return h("div", { class: "brand" }, picture, h("span", null, name ? foreign(name) : "certrelay"));
}

function tongue(app) {
  const isKorean = currentLanguage() === "ko";
  const attributes = {
    type: "button",
    class: "tongue",
    id: "tongue",
    lang: isKorean ? "en" : "ko",
    onclick: () => app.switchLanguage(),
  };
  return h("button", attributes, isKorean ? "English" : "한국어");
}

function explainLink(app) {
  return h("button", { type: "button", class: "foot link", onclick: () => app.explain() }, t("What this page can and cannot do"));
}

// An address or a few words.
function helpText(help) {
  return /^https:\/\/\S+$/.test(help) ? h("a", { href: help, rel: "noreferrer" }, t("Help:"), " ", foreign(help)) : foreign(help);
}

export function frame(app) {
  const { name, help } = app.settings;
  const server = t("Served by {host}", { host: location.host || t("this file") });
  const runner = h("p", null, name ? [t("Run by:"), " ", foreign(name), ". "] : null, server);
  document.getElementById("top").replaceChildren(brand(app), tongue(app));
  document
    .getElementById("bottom")
    .replaceChildren(
      runner,
      help ? h("p", null, helpText(help)) : "",
      h("p", null, t("Made with certrelay. The relay in between cannot read the certificate.")),
      explainLink(app),
    );
}
