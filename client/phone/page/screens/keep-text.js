// What keeping means, said the same wherever it is offered.
import { t } from "../texts.js";
import { h } from "../ui.js";

export function keepText() {
  return [
    h("p", null, t("It then stays in this browser, so that you can send it from here again. Bank sites cannot see it.")),
    h(
      "p",
      null,
      t(
        "The browser may delete it by itself, above all when you do not use this page for a while or clear the history. Do not let this be the only copy.",
      ),
    ),
    h("p", null, t("It is encrypted with a key of this browser. What really protects it is the certificate's own password.")),
  ];
}
