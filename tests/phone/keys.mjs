// A person without a mouse: Tab, Enter and Space, who must always see where they are and get everywhere.
import assert from "node:assert/strict";
import path from "node:path";
import { temporary } from "./kit.mjs";

const MOST_TABS = 60;

// Runs in the page: what has the focus, a number that stays its own while the screen changes around it, and whether the focus can be seen.
function focused() {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const shown = one.closest("label.pick") ?? one;
  const style = getComputedStyle(shown);
  return {
    mark: (one.mark ??= window.marks = (window.marks ?? 0) + 1),
    name: (one.closest("label") ?? one).textContent.trim() || one.id,
    isSeen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isHeading: one.tagName === "H1",
  };
}

// Runs in the page: everything that Tab should reach, as such numbers.
function reachable() {
  const isOpen = (one) => !one.closest("details:not([open])") || one.tagName === "SUMMARY";
  return [...document.querySelectorAll("button:not(:disabled), a[href], summary, input")]
    .filter((one) => one.getClientRects().length && isOpen(one))
    .map((one) => (one.mark ??= window.marks = (window.marks ?? 0) + 1));
}

export class Keys {
  constructor(person) {
    this.person = person;
    this.page = person.page;
    this.page.on("filechooser", () => {}); // from now on, as a picker that opens before the browser was told to hand it over is lost
  }

  async tab() {
    await this.page.keyboard.press("Tab");
    const now = await this.page.evaluate(focused);
    if (now) assert.ok(now.isSeen, `the focus on "${now.name}" cannot be seen`);
    return now;
  }

  // Tabs until the test says so, once around at most.
  async until(isThere, what) {
    for (let i = 0; i < MOST_TABS; i++) {
      const now = await this.tab();
      if (now && (await isThere(now))) return now;
    }
    throw new Error(`Tab never comes to ${what}`);
  }

  // A new screen: its heading has the focus, and Tab leads in the order of the page to everything and around again.
  async lands(screen) {
    await this.person.at(screen);
    await this.page.locator("h1:focus").waitFor();
    const wanted = await this.page.evaluate(reachable);
    const met = [];
    while (met.length < wanted.length + 1) {
      const now = await this.tab();
      if (now) met.push(now.mark);
      else if (met.length) break;
    }
    const start = wanted.indexOf(met[0]);
    assert.deepEqual(met.slice(0, wanted.length - start), wanted.slice(start), `${screen}: Tab goes through the page in order`);
    assert.ok(start <= 1, `${screen}: from the heading on`);
  }

  async reach(name) {
    const wanted = await this.person.button(name).first().elementHandle();
    await this.until(() => wanted.evaluate((one) => one === document.activeElement), name);
  }

  async choose(name) {
    await this.reach(name);
    await this.page.keyboard.press("Enter");
  }

  async pick(files) {
    await this.until(() => this.page.evaluate(() => document.activeElement.type === "file"), "the file picker");
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), this.page.keyboard.press("Enter")]);
    await chooser.setFiles(files);
    await this.page.locator(".cert").first().waitFor();
  }

  // Off and on again by Space.
  async untick() {
    await this.until(() => this.page.evaluate(() => document.activeElement.type === "checkbox"), "the certificate");
    for (const isChecked of [false, true]) {
      await this.page.keyboard.press("Space");
      assert.equal(await this.page.getByRole("checkbox").first().isChecked(), isChecked);
    }
  }

  async type(selector, text) {
    await this.until(() => this.page.evaluate((wanted) => document.activeElement.matches(wanted), selector), selector);
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
  }

  async download() {
    await this.reach("download");
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.page.keyboard.press("Space")]);
    const file = path.join(temporary(), download.suggestedFilename());
    await download.saveAs(file);
    await this.page.locator("h2:focus").waitFor();
    return file;
  }
}
