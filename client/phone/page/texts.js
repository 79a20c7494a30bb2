// The page's words in two languages: English msgids, the Korean catalogue, and the errors in three parts.
import words from "./words.json";

const EMPTY = { what: "", why: "", todo: "" };
let language = "ko";

export function chooseLanguage() {
  const wanted = navigator.languages ?? [navigator.language ?? ""];
  if (wanted.some((tag) => /^ko\b/i.test(tag))) return "ko";
  return wanted.some((tag) => /^en\b/i.test(tag)) ? "en" : "ko";
}

export function setLanguage(code) {
  language = code;
  document.documentElement.lang = code;
}

export function currentLanguage() {
  return language;
}

// The catalogue is shared with a terminal program, whose tone is stiffer than a page's.
function soften(text) {
  return text.replaceAll("십시오", "세요");
}

function translate(text) {
  if (language !== "ko" || text === "") return text;
  return soften(words.ko[text] ?? text);
}

export function t(text, values = {}) {
  return translate(text).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

// A name of errors.def or page.def; one that is missing must not hide that something failed.
export function failure(name) {
  const found = words.errors[name] ?? words.errors["page-error"] ?? EMPTY;
  return { name, what: translate(found.what), why: translate(found.why), todo: translate(found.todo) };
}

// Why a receiving device refused, by core.js's names.
export function reasonText(reason) {
  return translate(words.reasons[reason] ?? "");
}

export const version = words.version;
