// Where the relay gives numbers only to its organisation: the other device's number is entered instead, or a permit is shown.
import { failure, t } from "../texts.js";
import { actions, button, h, problem } from "../ui.js";

const PERMIT = /^[!-~]{8,64}$/;

function makeField() {
  return h("input", {
    class: "field",
    id: "permit",
    type: "password",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: "64",
    enterkeyhint: "go",
    "aria-describedby": "permit-hint permit-fault",
  });
}

// It stays in the page's memory alone, and goes to the relay alone.
function permitForm(app, show) {
  const field = makeField();
  const fault = h("div", { id: "permit-fault" });
  const submit = (event) => {
    event.preventDefault();
    const isPermit = PERMIT.test(field.value.trim());
    field.setAttribute("aria-invalid", String(!isPermit));
    fault.replaceChildren(...(isPermit ? [] : [problem(failure("permit-malformed"))]));
    if (!isPermit) return field.focus();
    app.permit = field.value.trim();
    return show();
  };
  return h(
    "form",
    { class: "card", novalidate: true, onsubmit: submit },
    h(
      "div",
      null,
      h("label", { for: "permit" }, t("Permit of the organisation")),
      field,
      h("p", { class: "small", id: "permit-hint" }, t("It is forgotten when this page is closed.")),
    ),
    fault,
    actions(h("button", { type: "submit", class: "button" }, t("Show a number with this permit"))),
  );
}

// enter: to the other device's number; show: the same again, with the permit.
export function withoutNumber(app, enter, show) {
  app.permit = ""; // none, or one that did not do
  return [actions(button(t("Enter the other device's number instead"), enter, "main")), permitForm(app, show)];
}
