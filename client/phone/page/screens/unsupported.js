// Where the page cannot work, or not well: why, and the way out.
import { inAppName, outsideLink } from "../device.js";
import { failure, t } from "../texts.js";
import { actions, announce, button, foreign, h, problem } from "../ui.js";

function cleanAddress() {
  return location.origin + location.pathname;
}

async function copy() {
  try {
    await navigator.clipboard.writeText(cleanAddress());
    announce(t("The address is copied."));
    return true;
  } catch {
    return false;
  }
}

function copyButton() {
  const made = button(
    t("Copy the address"),
    async () => (made.textContent = (await copy()) ? t("The address is copied.") : t("Copy it by hand, please.")),
  );
  return made;
}

function wayOut(app, hadLink) {
  const link = outsideLink();
  return [
    hadLink
      ? h("p", null, t("The number of the QR code is not passed on. Scan the code again there, or type the number."))
      : null,
    h("p", { class: "path" }, foreign(cleanAddress())),
    actions(link ? h("a", { class: "button main", href: link }, t("Open in the browser")) : null, copyButton()),
    actions(button(t("Go on here all the same"), () => app.afterwards(), "quiet")),
  ];
}

// In a window of its own the address shows, and nothing lies over it.
function ownWindow() {
  const link = h("a", { class: "button main", href: cleanAddress(), target: "_blank", rel: "noopener noreferrer" }, t("Open in the browser"));
  return [h("p", { class: "path" }, foreign(cleanAddress())), actions(link)];
}

function retry() {
  return actions(button(t("Try again"), () => location.reload(), "main"));
}

export function unsupported(app, { reason, hadLink }) {
  const isInApp = reason === "in-app-browser";
  const detail = isInApp ? h("p", null, foreign(inAppName())) : null;
  const way = isInApp ? wayOut(app, hadLink) : reason === "framed" ? ownWindow() : retry();
  const body = [problem(failure(reason), detail), way];
  return { title: isInApp ? t("Please open this page in your browser") : t("This page cannot work here"), body };
}
