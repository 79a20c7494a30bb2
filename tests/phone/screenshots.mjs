// Pictures of every screen, in both languages, by day and night, on a phone and on a large screen; for people to look at.
//
//     node tests/phone/screenshots.mjs FOLDER
import fs from "node:fs";
import path from "node:path";
import { Relay, browser } from "./kit.mjs";
import { Person } from "./person.mjs";
import { CAMERA, tour } from "./tour.mjs";

const SIZES = {
  phone: {},
  desk: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, isMobile: false, hasTouch: false, userAgent: undefined },
};
const LANGUAGES = { ko: "ko-KR", en: "en-US" };
const SCHEMES = ["light", "dark"];

const folder = process.argv[2];
if (!folder) throw new Error("name a folder for the pictures");
fs.mkdirSync(folder, { recursive: true });

async function picture(person, name) {
  for (const colorScheme of SCHEMES) {
    await person.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await person.page.screenshot({ path: path.join(folder, name.replace("SCHEME", colorScheme)), fullPage: true, animations: "disabled" });
  }
}

async function takeAll(relay, chrome, size, language) {
  const people = [];
  const sit = async (options = {}, url = `${relay.origin}/`) => {
    people.push(await Person.sit(chrome, url, { ...SIZES[size], locale: LANGUAGES[language], ...options }));
    return people[people.length - 1];
  };
  let number = 0;
  const look = (person, name) =>
    picture(person, `${size}-${language}-SCHEME-${String(++number).padStart(2, "0")}-${name}.png`);
  await tour({ sit, look, origin: relay.origin });
  await Promise.all(people.map((person) => person.leave()));
}

const [relay, chrome] = await Promise.all([Relay.start(), browser({ args: CAMERA })]);
try {
  for (const size of Object.keys(SIZES)) for (const language of Object.keys(LANGUAGES)) await takeAll(relay, chrome, size, language);
} finally {
  await chrome.close();
  await relay.stop();
}
