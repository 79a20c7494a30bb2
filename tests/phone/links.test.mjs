// Whatever stands behind the # of an address: the start screen stays usable, says what is wrong, and nothing throws.
import assert from "node:assert/strict";
import { Stage } from "./stage.mjs";

const SEED = 20240611;
const ROUNDS = 200;
const ALPHABET = "v=1&do=send&do=receive&code=&plate=&key=&relay=wss%3A%2F%2F%E0%A4%ff#?<>\"'\\0123456789abcXYZ-_~. \u202e\u0000한🔑".split(/(?:)/u);
const GOOD = "v=1&do=receive&code=482177301944&key=O56OK_nDubSu0ytfwYNtEQ";

const stage = Stage.build();

// xorshift32: the same fragments each time.
function generator(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function garbage(random) {
  return Array.from({ length: 1 + random(90) }, () => ALPHABET[random(ALPHABET.length)]).join("");
}

// A good one with one thing wrong: a letter changed, cut out, put in, or the end missing.
function damaged(random) {
  const at = random(GOOD.length);
  const letter = ALPHABET[random(ALPHABET.length)];
  return [
    GOOD.slice(0, at) + letter + GOOD.slice(at + 1),
    GOOD.slice(0, at) + GOOD.slice(at + 1),
    GOOD.slice(0, at) + letter + GOOD.slice(at),
    GOOD.slice(0, at),
  ][random(4)];
}

// Opened in a page that is there already, which reads it by the same code as at its start. What the page then shows.
function follow(person, fragment) {
  return person.page.evaluate(async (text) => {
    document.querySelector("[data-error]")?.remove();
    location.hash = text;
    const look = () => ({ screen: document.getElementById("main").dataset.screen, error: document.querySelector("[data-error]")?.dataset.error });
    while (look().screen === "start" && !look().error) await new Promise((resolve) => setTimeout(resolve));
    return { ...look(), hash: location.hash };
  }, `#${fragment}`);
}

async function startAnew(person) {
  await person.page.goto(`${stage.relay.origin}/`);
  await person.at("start");
}

const isSomething = (fragment) => new URL(`#${fragment}`, "http://localhost/").hash !== "";

stage.act(`${ROUNDS} fragments of a seeded generator`, async () => {
  const random = generator(SEED);
  const person = await stage.sitAtDesk();
  await person.at("start");
  const fragments = Array.from({ length: ROUNDS }, (_, i) => (i % 2 ? garbage(random) : damaged(random))).filter(isSomething);
  const told = {};
  for (const fragment of fragments) {
    const { screen, error, hash } = await follow(person, fragment);
    assert.equal(hash, "", fragment);
    if (screen === "start") assert.ok(["link-damaged", "code-other-relay"].includes(error), `${fragment}: ${error}`);
    else assert.ok(["receive", "send-choose"].includes(screen), `${fragment}: ${screen}`);
    told[error ?? screen] = (told[error ?? screen] ?? 0) + 1;
    if (screen !== "start") await startAnew(person);
  }
  assert.ok(told["link-damaged"] > ROUNDS / 2, JSON.stringify(told));
  assert.deepEqual(person.complaints, []);
  assert.match(await person.receive(), /^\d{12}$/);
});

stage.act("a page opened with a damaged link says so at the start, and works", async () => {
  for (const fragment of ["v=1", "%", `${GOOD}&v=1`, "v=2&do=send&code=482177301944"]) {
    const person = await stage.sit({}, `${stage.relay.origin}/#${fragment}`);
    await person.at("start");
    await person.page.locator('[data-error="link-damaged"]').waitFor();
    assert.equal(new URL(person.page.url()).hash, "");
    assert.match(await person.receive(), /^\d{12}$/);
    await person.leave();
  }
});

stage.act("a link to another relay is refused by name", async () => {
  const person = await stage.sit({}, `${stage.relay.origin}/#${GOOD}&relay=wss%3A%2F%2Frelay.example%2Fws`);
  await person.page.locator('[data-error="code-other-relay"]').waitFor();
  assert.equal(await person.page.locator("main").getAttribute("data-screen"), "start");
});

stage.act("a link opened while the page is still starting is read, too", async () => {
  let isAsked, answer;
  const asked = new Promise((resolve) => (isAsked = resolve));
  const person = await stage.sit({ isStarting: true, prepare: ({ page }) => page.route("**/settings.json", (route) => {
    answer = () => route.fulfill({ status: 404 });
    isAsked();
  }) });
  await asked;
  await person.page.evaluate((hash) => void (location.hash = hash), `#${GOOD}`);
  await answer();
  await person.button("startReceiving").waitFor();
  assert.equal(new URL(person.page.url()).hash, "");
});
