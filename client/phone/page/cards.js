// Certificates as a person sees them: whose, from whom, for what, until when.
import { daysLeft, factsOf, stateOf } from "./cert.js";
import tables from "./tables.json";
import { currentLanguage, t } from "./texts.js";
import { foreign, h } from "./ui.js";

export { tables };

const KOREA_SECONDS = 9 * 3600;
const TAGS = { valid: "good", "renew-soon": "warn", expired: "bad", "not-yet": "warn" };

export function nowSeconds() {
  return Math.floor(Date.now() / 1000);
}

export function dateText(seconds) {
  return new Date((seconds + KOREA_SECONDS) * 1000).toISOString().slice(0, 10);
}

export function daysText(days) {
  if (days === 0) return t("last day today");
  return days === 1 ? t("1 day left") : t("{n} days left", { n: days });
}

function stateText(state, days) {
  if (state === "expired") return t("Expired");
  if (state === "not-yet") return t("Not valid yet");
  return state === "renew-soon" ? t("{days}, renew it", { days: daysText(days) }) : t("Valid, {days}", { days: daysText(days) });
}

function stateTag(facts) {
  const now = nowSeconds();
  const state = stateOf(facts, now);
  return h("span", { class: `tag ${TAGS[state]}` }, stateText(state, daysLeft(facts, now)));
}

function isExpired(facts) {
  return stateOf(facts, nowSeconds()) === "expired";
}

// In the language of the page; of a locked certificate only what came along with it is known.
export function shownFacts(facts, cert) {
  if (!facts) return { owner: cert.owner, isLocked: true };
  const isKorean = currentLanguage() === "ko";
  return { ...facts, issuer: isKorean ? facts.issuerKo : facts.issuerEn, use: isKorean ? facts.useKo : facts.useEn };
}

// What the certificate itself says.
export function knownFacts(cert) {
  return shownFacts(factsOf(cert, tables), cert);
}

function row(name, ...value) {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

function factRows(facts) {
  return h(
    "dl",
    { class: "facts" },
    row(t("Issuer"), foreign(facts.issuer)),
    facts.use && row(t("Use"), foreign(facts.use)),
    row(
      t("Validity"),
      h("span", { class: "date" }, dateText(facts.notBefore)),
      " ~ ",
      h("span", { class: "date" }, dateText(facts.notAfter)),
    ),
  );
}

// facts as knownFacts gives them.
export function certBody(facts, ...more) {
  if (facts.isLocked) {
    return h(
      "div",
      null,
      h("p", { class: "owner" }, facts.owner ? foreign(facts.owner) : t("Locked file (.p12)")),
      h("p", { class: "small" }, t("Whose it is shows only with its password, which is not asked for here.")),
      more,
    );
  }
  return h(
    "div",
    null,
    h("p", { class: "owner" }, foreign(facts.owner)),
    h("p", null, stateTag(facts), facts.isTest && [" ", h("span", { class: "tag warn" }, t("Test certificate"))]),
    factRows(facts),
    isExpired(facts) && h("p", { class: "bad-text" }, t("This certificate has expired; nothing accepts it any more.")),
    more,
  );
}

export function certList(certs) {
  return h(
    "ul",
    { class: "certs" },
    certs.map((cert) => h("li", { class: "cert" }, certBody(knownFacts(cert)))),
  );
}

export function peerCard(title, hello) {
  return h(
    "section",
    { class: "card" },
    h("h2", null, title),
    h(
      "p",
      { class: "peer" },
      h("strong", null, foreign(hello.name || t("Device without a name"))),
      h("span", { class: "small" }, foreign([hello.platform, hello.program].filter(Boolean).join(", "))),
    ),
  );
}
