// One field for the other device's number: typed, pasted, or read from a QR code or a link.
import { actions, h, problem } from "./ui.js";
import { failure, t } from "./texts.js";
import { Scanner } from "./scan.js";

const MIN_DIGITS = 12;
const SLOW_MS = 900; // a number may have more than twelve digits, so its first twelve are not judged in mid-typing

// A link that asks this device for the other role than the screen's is told in words.
export function misfit(link, role) {
  if (link.wantsSend === (role === "sender")) return "";
  return link.wantsSend ? "link-wants-send" : "link-wants-receive";
}

function readEntry(app, text, role) {
  if (!text.includes("#")) {
    const { fault, invite } = app.core.parseCode(text);
    return fault === "good" ? { invite } : { fault };
  }
  const link = app.readLink(text.slice(text.indexOf("#") + 1).trim());
  return link.fault ? link : { ...link, fault: misfit(link, role) || undefined };
}

function grouped(text) {
  const digits = text.replace(/\D/g, "");
  return digits.replace(/(\d{4})(?=\d)/g, "$1 ");
}

// Spaces are put in while typing at the end; a correction in the middle is left alone.
function group(field) {
  const isAtEnd = field.selectionStart === field.value.length;
  if (isAtEnd && /^[\d\s-]*$/.test(field.value)) field.value = grouped(field.value);
}

// typed: what the field holds, kept by the caller over a change of language.
export class NumberEntry {
  constructor(app, role, typed, { onInvite, onLink }) {
    Object.assign(this, { app, role, typed, onInvite, onLink, slow: 0 });
    this.fault = h("div", { id: "number-fault" });
    this.field = this.makeField();
    this.scanner = new Scanner((text) => this.scanned(text), () => this.tell(""));
    this.node = this.makeForm();
  }

  makeField() {
    return h("input", {
      class: "field",
      id: "number",
      name: "number",
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      enterkeyhint: "go",
      "aria-describedby": "number-hint number-fault",
      value: this.typed.text ?? "",
      oninput: () => this.changed(),
    });
  }

  makeForm() {
    const submit = (event) => {
      event.preventDefault();
      this.submit();
    };
    return h(
      "form",
      { class: "card", novalidate: true, onsubmit: submit },
      h(
        "div",
        null,
        h("label", { for: "number" }, t("Number shown on the other device")),
        this.field,
        h("p", { class: "small", id: "number-hint" }, t("12 digits or more. Spaces do not matter. You can also paste it.")),
      ),
      this.fault,
      actions(
        h("button", { type: "submit", class: "button main" }, this.role === "sender" ? t("Connect") : t("Start receiving")),
      ),
      this.scanner.node,
    );
  }

  tell(name) {
    this.field.setAttribute("aria-invalid", name ? "true" : "false");
    this.fault.replaceChildren(...(name ? [problem(failure(name))] : []));
  }

  changed() {
    group(this.field);
    this.typed.text = this.field.value;
    clearTimeout(this.slow);
    if (this.field.getAttribute("aria-invalid") === "true") this.tell("");
    this.slow = setTimeout(() => this.judge(), SLOW_MS);
  }

  judge() {
    if (this.field.value.replace(/\D/g, "").length < MIN_DIGITS) return;
    if (readEntry(this.app, this.field.value, this.role).fault === "code-check-digit") this.tell("code-check-digit");
  }

  submit() {
    clearTimeout(this.slow);
    const read = readEntry(this.app, this.field.value, this.role);
    if (!read.fault) return this.onInvite(read.invite);
    this.tell(read.fault);
    return this.field.focus();
  }

  scanned(text) {
    const read = readEntry(this.app, text, this.role);
    if (!read.fault) this.onInvite(read.invite);
    return read.fault === "code-not-digits" ? "not-our-code" : read.fault;
  }

  // A link that was opened while this screen is on show may be a stranger's: it is proposed like any other.
  linked(link) {
    const name = link.fault ?? misfit(link, this.role);
    this.tell(name);
    if (!name) this.onLink(link);
  }

  stop() {
    clearTimeout(this.slow);
    this.scanner.stop();
  }
}
