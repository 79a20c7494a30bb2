// Starts the page: settings, language, the link it was opened with, and one screen after the other.
import { loadCore } from "./core.js";
import { inAppName, lack } from "./device.js";
import { applyColour, isSingleFile, pageAddress, readSettings } from "./settings.js";
import { chooseLanguage, currentLanguage, failure, setLanguage, t } from "./texts.js";
import { frame } from "./frame.js";
import { Pairing } from "./pairing.js";
import { busy, h, problem } from "./ui.js";
import { guardLeaving, markStage, takeStage, watchPage } from "./wake.js";
import { loadScreens, screens } from "./screens/index.js";

// Read once, and gone from the address bar before anything else happens.
function takeFragment() {
  const fragment = location.hash.slice(1);
  if (fragment) history.replaceState(history.state, "", location.pathname + location.search);
  return fragment;
}

class App {
  constructor() {
    this.core = null;
    this.settings = null;
    this.current = "";
    this.props = {};
    this.drawn = {};
    this.pairing = null;
    this.permit = ""; // that an organisation's relay wants to see; as long as the page is open
  }

  relayForOthers() {
    const isHere = location.protocol.startsWith("http");
    return isHere ? "" : this.settings.relay;
  }

  address(fragment) {
    return `${pageAddress(this.settings)}#${fragment}`;
  }

  async load() {
    if (this.core) return;
    this.coming ??= Promise.all([loadCore(coreSource()), loadScreens()]);
    try {
      [this.core] = await this.coming;
    } catch (error) {
      this.coming = null;
      throw error;
    }
  }

  // Screens that talk to another device, or read its numbers, need the core. Of several taps while it comes the first counts.
  async ready() {
    if (this.core) return true;
    if (this.isLoading) return false;
    this.isLoading = true;
    document.getElementById("main").append(busy(t("Loading")));
    try {
      await this.load();
    } catch {
      this.go("unsupported", { reason: navigator.onLine ? "core-failed" : "offline" });
    }
    this.isLoading = false;
    return this.core !== null;
  }

  async enter(name, props = {}) {
    if (await this.ready()) this.go(name, props);
  }

  async meet(name, plan) {
    if (!(await this.ready())) return;
    this.pairing?.leave();
    this.pairing = new Pairing(this, plan);
    this.go(name, { pairing: this.pairing });
  }

  go(name, props = {}) {
    this.drawn.leave?.();
    if ((props.pairing ?? null) !== this.pairing) {
      this.pairing?.leave();
      this.pairing = props.pairing ?? null;
    }
    if (name !== "start" && !history.state?.isInside) history.pushState({ ...history.state, isInside: true }, "");
    this.current = name;
    this.props = props;
    this.draw(true);
  }

  draw(isNew) {
    const name = this.current;
    const drawn = screens[name](this, this.props);
    if (this.current !== name) return; // it went on to another screen by itself
    this.drawn = drawn;
    const heading = h("h1", { tabindex: "-1" }, drawn.title);
    const main = document.getElementById("main");
    main.dataset.screen = name;
    main.replaceChildren(heading, ...drawn.body.flat(Infinity).filter(Boolean));
    document.title = name === "start" ? this.title() : `${drawn.title} - ${this.title()}`;
    if (isNew) window.scrollTo(0, 0);
    if (this.hasDrawn && (isNew || document.activeElement === document.body)) heading.focus({ preventScroll: !isNew });
    this.hasDrawn = true; // the very first screen leaves the focus where the browser puts it
  }

  title() {
    return this.settings.name || t("Move a certificate");
  }

  // The same screen once more, with what has changed.
  redraw() {
    this.drawn.leave?.();
    this.draw(false);
  }

  // Something about the pairing changed; the screen on show says so.
  update(what) {
    this.drawn.update?.(what);
  }

  // Read in between; what is under way goes on meanwhile.
  explain() {
    if (this.current !== "explain") this.enter("explain", { pairing: this.pairing, back: [this.current, this.props] });
  }

  home() {
    guardLeaving(false);
    markStage(null);
    this.go("start");
  }

  mayLeave() {
    return !this.pairing?.isPrecious() || confirm(t("The transfer is not finished. Stop it?"));
  }

  back() {
    if (this.current === "start" || history.state?.isInside) return undefined;
    const isUnderWay = this.drawn.back && this.props.back[0] !== "start";
    if (!isUnderWay && this.mayLeave()) return this.home();
    history.pushState({ ...history.state, isInside: true }, "");
    return this.drawn.back?.();
  }

  switchLanguage() {
    setLanguage(currentLanguage() === "ko" ? "en" : "ko");
    frame(this);
    this.redraw();
    document.getElementById("tongue").focus();
  }

  readLink(fragment) {
    const read = this.core.parseInvite(fragment);
    if (!read) return { fault: "link-damaged" };
    if (read.relay && read.relay !== this.settings.relay) return { fault: "code-other-relay" };
    return { invite: read.invite, wantsSend: read.wantsSend };
  }

  // Beside what is under way. It pushes the rest down, so the screen looks where its buttons are.
  tell(name) {
    this.told?.remove();
    this.told = problem(failure(name));
    document.querySelector("#main h1").after(this.told);
    this.told.scrollIntoView({ block: "nearest" });
    this.update("told");
  }

  // A link says what this device shall do; nothing happens before a tap.
  async follow(fragment) {
    if (!fragment) return;
    try {
      await this.load();
    } catch {
      return;
    }
    const link = this.readLink(fragment);
    if (this.drawn.linked) this.drawn.linked(link);
    else if (this.pairing && (link.fault || this.current === "send-consent" || !this.mayLeave())) this.tell(link.fault ?? "page-busy");
    else if (link.fault) this.go("start", { fault: link.fault });
    else this.go(link.wantsSend ? "send-choose" : "receive", { link });
  }
}

function coreSource() {
  if (!isSingleFile()) return new URL("core.wasm", document.baseURI).href;
  const packed = atob(document.getElementById("core").textContent.trim());
  return Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
}

async function start() {
  const fragment = takeFragment();
  const app = new App();
  setLanguage(chooseLanguage());
  app.settings = await readSettings();
  applyColour(app.settings.colour);
  app.stage = takeStage();
  frame(app);
  watchPage();
  window.addEventListener("popstate", () => location.hash || app.back()); // with a hash it is a link, which hashchange tells
  window.addEventListener("hashchange", () => app.follow(takeFragment()));
  const link = takeFragment() || fragment; // one more may have been opened while the settings came
  const reason = lack() || (app.settings.relay ? "" : "no-relay");
  if (reason || inAppName()) {
    app.go("unsupported", { reason: reason || "in-app-browser", hadLink: link !== "" });
    app.afterwards = () => (link ? app.follow(link) : app.go("start"));
    return;
  }
  app.go("start");
  await app.follow(link);
  app.load().catch(() => {}); // said when it is needed
}

start();
