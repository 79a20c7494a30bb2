// Plays people at pages for tests in other languages: jobs come in as JSON lines, and each is told as certrelay --json tells it.
//
//     node tests/phone/driver.mjs RELAY
//
//     {"job": 1, "do": "import", "store": FOLDER, "code": "4821 7730 1944"}      without a code the page shows one
//     {"job": 2, "do": "export", "files": [FILE, ...]}
//     -> {"job": 1, "event": "code" | "device" | "error" | "exit", ...}
//
// A page serves one job after the other without being loaded anew. The program ends when its input does.
import { execFileSync } from "node:child_process";
import readline from "node:readline";
import { LIMIT_MS, browser } from "./kit.mjs";
import { Person, chosen } from "./person.mjs";
import { serve } from "./site.mjs";

const ENDED = 'main[data-screen="ended"] [data-error]';
const TAP_MS = 2000;
const FAILED = 1;
const BROKEN = 99;

// The transfer ended before the person could go on.
class Over extends Error {}

const at = (screen) => `main[data-screen="${screen}"]`;

class Job {
  constructor(order, person) {
    Object.assign(this, order);
    this.person = person;
    this.page = person.page;
  }

  say(event) {
    process.stdout.write(`${JSON.stringify({ job: this.job, ...event })}\n`);
  }

  async reach(selector) {
    await this.page.locator(`${selector}, ${ENDED}`).first().waitFor();
    await this.goOn();
  }

  async goOn() {
    if (await this.page.locator(ENDED).count()) throw new Over();
  }

  // The transfer may end at any moment, so each try is short.
  async keepTrying(action) {
    for (const until = Date.now() + LIMIT_MS; ; ) {
      await this.goOn();
      try {
        return await action();
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
  }

  // On a slow machine a tap may have worked although it was not heard of in time: then the button is gone.
  async tap(name) {
    const button = this.person.button(name);
    await this.keepTrying(() => button.waitFor({ timeout: TAP_MS }));
    await this.keepTrying(async () => (await button.count()) && chosen(name, button, { timeout: TAP_MS }));
  }

  async show() {
    await this.reach("[data-code]");
    this.say({ event: "code", code: await this.person.shownNumber() });
  }

  async type(button) {
    await this.page.getByLabel(this.person.word("number")).fill(this.code);
    await this.tap(button);
  }

  async import() {
    await this.tap("receive");
    if (this.code) {
      await this.tap("enterInstead");
      await this.type("startReceiving");
    } else {
      await this.show();
    }
    await this.reach(at("receive-confirm"));
    this.say({ event: "device" });
    await this.reach(`${at("receive-confirm")} .cert`);
    await this.tap("howToSave");
    await this.putAway();
    await this.tap("haveFile");
    await this.reach(`${at("receive-done")} .notice.good, ${at("receive-done")} .notice.warn`);
    const unheard = await this.page.locator(".notice.warn .what").allTextContents();
    return unheard.length ? this.fail("unheard", unheard[0]) : 0;
  }

  async putAway() {
    await this.reach(at("receive-save"));
    const coming = this.page.waitForEvent("download").catch(() => null);
    await this.tap("download");
    const file = await (await coming).path();
    execFileSync("unzip", ["-q", file, "-d", this.store]);
  }

  async export() {
    await this.tap("send");
    await this.person.choose(this.files);
    if (this.code) {
      await this.type("connect");
    } else {
      await this.tap("showInstead");
      await this.show();
    }
    await this.reach(at("send-consent"));
    this.say({ event: "device" });
    await this.tap("agree");
    await this.reach(at("send-done"));
    return 0;
  }

  async fail(id, what) {
    this.say({ event: "error", id, exit: FAILED, what, shown: await this.page.locator("main").innerText() });
    return FAILED;
  }

  async run() {
    try {
      return await this[this.do]();
    } catch (error) {
      if (!(error instanceof Over)) throw error;
      const fault = this.page.locator(ENDED);
      return this.fail(await fault.getAttribute("data-error"), await fault.locator(".what").innerText());
    }
  }

  // The page is as good as new: the next job needs no other.
  async tidy() {
    await this.page.locator(`${ENDED}, ${at("receive-done")}, ${at("send-done")}`).first().waitFor();
    await this.person.tap((await this.page.locator(ENDED).count()) ? "home" : "done");
    await this.person.at("start");
  }
}

const [relay] = process.argv.slice(2);
const site = await serve(relay);
const chrome = await browser();
const idle = [];

async function work(order) {
  const person = idle.pop() ?? (await Person.sit(chrome, `${site.origin}/`));
  const job = new Job(order, person);
  try {
    const code = await job.run();
    await job.tidy();
    job.say({ event: "exit", code, complaints: person.complaints });
    idle.push(person);
  } catch (error) {
    job.say({ event: "exit", code: BROKEN, complaints: [String(error.stack), await person.story()] });
    await person.leave();
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) work(JSON.parse(line));
await chrome.close();
site.stop();
