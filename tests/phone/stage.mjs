// What a test file has: one browser, one relay, and tests that say at a failure what everybody showed and said.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { Pc, Relay, browser, digestsBelow, filesBelow, samples, temporary } from "./kit.mjs";
import { Person } from "./person.mjs";

const DESK = { locale: "en-US", userAgent: undefined, viewport: { width: 1280, height: 800 }, isMobile: false, hasTouch: false };
const TEST_MS = 150000;

export class Stage {
  // settings: the relay's. browserOptions: Chromium's. prepare(stage): what else a file needs.
  static build(settings = {}, browserOptions = {}, prepare = () => {}) {
    const stage = new Stage();
    before(async () => {
      [stage.relay, stage.chrome] = await Promise.all([Relay.start(settings), browser(browserOptions)]);
      await prepare(stage);
    });
    after(async () => {
      await stage.chrome?.close();
      await stage.relay?.stop();
    });
    return stage;
  }

  constructor() {
    this.people = [];
    this.pcs = [];
    this.others = [];
  }

  async sit(options = {}, url = `${this.relay.origin}/`) {
    const person = await Person.sit(this.chrome, url, options);
    this.people.push(person);
    return person;
  }

  // A second screen: large, without touch, in English.
  sitAtDesk(options = {}, url = undefined) {
    return this.sit({ ...DESK, ...options }, url);
  }

  pc(url = this.relay.url) {
    const made = new Pc(url);
    this.pcs.push(made);
    return made;
  }

  // Anything else of this test that has story() and stop().
  add(other) {
    this.others.push(other);
    return other;
  }

  async story() {
    const parts = [];
    for (const person of this.people) parts.push(await person.story());
    for (const other of this.others) parts.push(other.story());
    for (const pc of this.pcs) parts.push(...pc.programs.map((program) => program.story()));
    return [...parts, this.relay.program.story()].join("\n----\n");
  }

  async clear() {
    const complaints = this.people.flatMap((person) => person.complaints);
    await Promise.all(this.people.splice(0).map((person) => person.leave().catch(() => {})));
    await Promise.all([...this.pcs.splice(0), ...this.others.splice(0)].map((one) => one.stop()));
    assert.deepEqual(complaints, [], "exceptions in the page");
  }

  // A test: what it started ends with it.
  act(name, action) {
    test(name, { timeout: TEST_MS }, async (context) => {
      try {
        await action(context);
      } catch (error) {
        error.message += `\n${await this.story()}`;
        await this.clear().catch(() => {});
        throw error;
      }
      await this.clear();
    });
  }
}

// One made-up certificate with both pairs of keys.
export function certFolder() {
  return path.dirname(filesBelow(path.join(samples(), "NPKI")).find((file) => file.name === "kmCert.der").path);
}

export function unzip(file) {
  const folder = temporary();
  execFileSync("python3", ["-m", "zipfile", "-e", file, folder]);
  return folder;
}

export function assertSame(folder, wanted = certFolder()) {
  assert.deepEqual(digestsBelow(folder), digestsBelow(wanted));
}

// The unzipped folder holds the very files, and is a store that the PC command reads.
export function assertStore(pc, zip, wanted = certFolder()) {
  const folder = unzip(zip);
  assertSame(folder, wanted);
  const list = pc.list(path.join(folder, "NPKI")).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(list.filter((line) => line.event === "certificate").length, 1, JSON.stringify(list));
}

// The other secret digits under the same nameplate, with a right check digit: a wrong number that only the other device can tell.
export function wrongNumber(code) {
  const other = code.slice(0, 4) + String((Number(code.slice(4, 11)) + 1) % 10000000).padStart(7, "0");
  return other + checkDigit(other);
}

const DAMM = "0317598642 7092154863 4206871359 1750983426 6123045978 3674209581 5869720134 8945362017 9438617205 2581436790".split(" ");

function checkDigit(digits) {
  return String([...digits].reduce((interim, digit) => Number(DAMM[interim][digit]), 0));
}

// The same number with its last digit mistyped.
export function mistyped(code) {
  return code.slice(0, -1) + String((Number(code.at(-1)) + 1) % 10);
}
