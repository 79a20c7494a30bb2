// Every screen for everybody: read aloud, by keyboard alone, enlarged, in any colours, without motion, in two languages.
import assert from "node:assert/strict";
import { Keys } from "./keys.mjs";
import { faults } from "./eyes.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, certFolder, unzip } from "./stage.mjs";
import { CAMERA, tour } from "./tour.mjs";

const stage = Stage.build({}, { args: CAMERA });
const NAMES = { ko: "인증서 옮기기", en: "Move a certificate" };
const FEWEST = 30;

async function framed(person, language) {
  const [title, heading, lang] = await person.page.evaluate(() => [document.title, document.querySelector("h1").textContent, document.documentElement.lang]);
  const wanted = heading === NAMES[language] ? heading : `${heading} - ${NAMES[language]}`;
  return [title === wanted ? "" : `title ${title}`, lang === language ? "" : `lang ${lang}`].filter(Boolean);
}

async function everyScreen(language, locale) {
  const found = [];
  const seen = [];
  const look = async (person, name) => {
    seen.push(name);
    for (const fault of [...(await framed(person, language)), ...(await faults(person))]) found.push(`${name}: ${fault}`);
  };
  const sit = (options, url) => stage.sit({ locale, deviceScaleFactor: 1, ...options }, url);
  await tour({ sit, look, origin: stage.relay.origin });
  assert.ok(seen.length >= FEWEST, seen.join(" "));
  assert.deepEqual(found, []);
}

stage.act("every screen in Korean has nothing that bars anybody", () => everyScreen("ko", "ko-KR"));

stage.act("every screen in English has nothing that bars anybody", () => everyScreen("en", "en-US"));

stage.act("what bars somebody is found", async () => {
  const person = await stage.sit({ locale: "en-US" });
  await person.page.evaluate(() => {
    const [first, second] = document.querySelectorAll(".choice");
    document.documentElement.removeAttribute("lang");
    first.style.cssText = "background: #eeeeee; color: #dddddd; transition: margin 1s";
    second.style.cssText = "position: relative; top: -3rem; width: 2rem; padding: 0; overflow: hidden; white-space: nowrap";
  });
  const found = (await faults(person)).join("\n");
  for (const wanted of [/day: html-has-lang/, /night: color-contrast/, /small: Send/, /over: Receive.* Send/, /cut: Send/, /200 % zoom: /, /moving: /]) {
    assert.match(found, wanted);
  }
});

stage.act("the language is switched on any screen, and the focus stays", async () => {
  const person = await stage.sit();
  await person.receive();
  const { page } = person;
  for (const [language, other] of [["en", "한국어"], ["ko", "English"]]) {
    await page.locator("#tongue").click();
    await page.locator(`html[lang=${language}] #tongue:focus`).waitFor();
    assert.equal(await page.locator("#tongue").textContent(), other);
    assert.notEqual(await page.locator("#tongue").getAttribute("lang"), language);
    assert.ok((await page.title()).endsWith(NAMES[language]));
  }
  assert.equal(await page.evaluate(() => document.cookie.length + localStorage.length + sessionStorage.length), 0);
});

stage.act("the number stands in one line on every screen width", async () => {
  const person = await stage.sit();
  await person.receive();
  for (const [width, height] of [[320, 640], [360, 740], [412, 900], [600, 900], [704, 900], [1280, 800], [1920, 1080]]) {
    await person.page.setViewportSize({ width, height });
    const tops = await person.page.evaluate(() => [...document.querySelectorAll(".number > span[aria-hidden]")].map((one) => one.getBoundingClientRect().top));
    assert.equal(tops.length, 3);
    if (width >= 360) assert.equal(new Set(tops).size, 1, `${width}: ${tops}`);
  }
});

async function byKeyboard(receiver, sender) {
  const [take, give] = [new Keys(receiver), new Keys(sender)];
  await give.choose("send");
  await give.lands("send-choose");
  await give.pick(filesOf(certFolder()));
  await give.untick();
  await give.choose("next");
  await give.lands("send-number");
  await take.choose("receive");
  const number = await receiver.shownNumber(); // the screen is drawn anew when it comes
  await take.lands("receive");
  await give.type("#number", number);
  await give.lands("send-consent");
  await take.lands("receive-confirm");
  await give.choose("agree");
  await give.lands("send-progress");
  await receiver.button("howToSave").waitFor();
  await take.lands("receive-confirm");
  await take.choose("howToSave");
  await take.lands("receive-save");
  const zip = await take.download();
  await take.choose("haveFile");
  await take.lands("receive-done");
  await give.lands("send-done");
  await receiver.page.locator(".notice.good").waitFor();
  assertSame(unzip(zip));
  await take.choose("done");
  await take.lands("start");
}

stage.act("both directions by Tab, Enter and Space alone", async () => byKeyboard(await stage.sitAtDesk(), await stage.sitAtDesk({ locale: "ko-KR" })));

stage.act("by keyboard the number is entered where one was shown, mistyped, and told", async () => {
  const person = await stage.sitAtDesk();
  const keys = new Keys(person);
  await keys.choose("receive");
  await person.shownNumber();
  await keys.lands("receive");
  await keys.choose("enterInstead");
  await keys.lands("receive");
  await keys.type("#number", "4821 7730 1945");
  await person.page.locator('#number:focus[aria-invalid="true"]').waitFor();
  const told = await person.page.evaluate(() => document.getElementById("number").getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent).join(" "));
  assert.match(told, /typing mistake/);
});

// Runs in the page before anything else: a clock that a test moves on, and all that is said to a screen reader.
function ownClock() {
  let ahead = 0;
  const ticks = new Set();
  const now = performance.now.bind(performance);
  const [every, stop, later] = [setInterval, clearInterval, setTimeout];
  performance.now = () => now() + ahead;
  window.setInterval = (action, pause) => {
    const id = every(() => {}, pause);
    ticks.add([id, action]);
    return id;
  };
  window.clearInterval = (id) => {
    stop(id);
    for (const tick of ticks) if (tick[0] === id) ticks.delete(tick);
  };
  window.setTimeout = (action, pause, ...rest) => later(action, pause < 100 ? 0 : pause, ...rest);
  window.said = [];
  window.pass = async (seconds) => {
    for (let i = 0; i < seconds; i++) {
      ahead += 1000;
      for (const [, action] of [...ticks]) action();
      await new Promise((resolve) => later(resolve, 4));
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const status = document.getElementById("status");
    const hear = () => status.textContent && window.said.push(status.textContent);
    new MutationObserver(hear).observe(status, { childList: true, characterData: true, subtree: true });
  });
}

stage.act("a countdown is shown every second and said only now and then", async () => {
  const person = await stage.sit({ locale: "en-US", prepare: (each) => each.page.addInitScript(ownClock) });
  await person.receive();
  const { page } = person;
  const left = page.locator("[role=timer]");
  const before = await left.textContent();
  await page.evaluate(() => window.pass(100));
  assert.notEqual(await left.textContent(), before);
  assert.deepEqual(await page.evaluate(() => window.said), ["The number is shown. 180 seconds left."]);
  await page.evaluate(() => window.pass(60));
  assert.deepEqual(await page.evaluate(() => window.said), ["The number is shown. 180 seconds left.", "60 seconds left.", "30 seconds left."]);
  assert.equal(await left.getAttribute("aria-live"), "off");
});
