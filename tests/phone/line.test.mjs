// The network goes and comes back, and the relay dies: the page goes on, or says what became of the transfer and what to do.
import assert from "node:assert/strict";
import { Relay } from "./kit.mjs";
import { Cutter } from "./cut.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

const stage = Stage.build();
const GONE = "The connection is gone.";
const PATIENCE_MS = 181000;

async function lineOf(relay = stage.relay) {
  const cutter = stage.add(await Cutter.start(relay.port));
  return { cutter, url: `${cutter.origin}/` };
}

// Airplane mode: the browser knows that it is offline, and nothing passes.
async function offline(person, cutter) {
  await person.context.setOffline(true);
  cutter.goDown();
  await person.reads(GONE);
}

async function online(person, cutter) {
  cutter.comeUp();
  await person.context.setOffline(false);
}

stage.act("offline while the number is shown, and back: the same number works", async () => {
  const { cutter, url } = await lineOf();
  const person = await stage.sitAtDesk({}, url);
  const code = await person.receive();
  await offline(person, cutter);
  assert.equal(await person.shownNumber(), code);
  await online(person, cutter);
  await person.page.getByText(GONE).first().waitFor({ state: "detached" });
  const sender = stage.pc().export(certFolder(), { code });
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("the other device comes while this one is offline", async () => {
  const { cutter, url } = await lineOf();
  const person = await stage.sitAtDesk({}, url);
  const code = await person.receive();
  await offline(person, cutter);
  const sender = stage.pc().export(certFolder(), { code });
  await sender.event((event) => event.step === "connect");
  await online(person, cutter);
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("offline between arriving and saving: saved meanwhile, told when it is back", async () => {
  const { cutter, url } = await lineOf();
  const person = await stage.sitAtDesk({}, url);
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await offline(person, cutter);
  const zip = await person.downloadBy("download");
  await person.tap("haveFile");
  await person.at("receive-done");
  await sender.event((event) => event.event === "peer" && event.state === "away");
  assert.equal(sender.exit, undefined, "it is not sent yet");
  await online(person, cutter);
  await person.reads("The sender knows that it is saved.");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("the sending page is offline while it asks for consent, and goes on afterwards", async () => {
  const { cutter, url } = await lineOf();
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sitAtDesk({}, url);
  await person.send(filesOf(certFolder()));
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.at("send-consent");
  await offline(person, cutter);
  await person.tap("agree");
  await online(person, cutter);
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
});

// The page says what to do, and a new start works at once.
async function startsAnew(person, ...taps) {
  assert.notEqual(await person.page.locator(".todo").innerText(), "");
  for (const name of ["newNumber", ...taps]) await person.tap(name);
  assert.match(await person.shownNumber(), /^\d{12}$/);
}

stage.act("a relay that is killed and comes back has forgotten all: the page says so at once", async () => {
  const relay = stage.add(await Relay.start());
  const person = await stage.sitAtDesk({}, `${relay.origin}/`);
  await person.receive();
  await relay.restart();
  assert.equal(await person.failure(), "relay-lost");
  await startsAnew(person);
});

stage.act("a relay that is killed in the middle: both sides end, and nothing counts as sent", async () => {
  const relay = stage.add(await Relay.start());
  const person = await stage.sitAtDesk({}, `${relay.origin}/`);
  const sender = stage.pc(relay.url).export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await relay.restart();
  assert.equal(await person.failure(), "relay-lost");
  assert.equal(await sender.ended, 75, sender.story());
  assert.equal(sender.events().find((event) => event.event === "error").uncertain, true);
  assert.equal(sender.events().some((event) => event.event === "done"), false);
});

stage.act("a relay that stays away is given up after the page's patience", async () => {
  const relay = stage.add(await Relay.start());
  const person = await stage.sitAtDesk({ prepare: ({ page }) => page.clock.install() }, `${relay.origin}/`);
  await person.receive();
  await relay.stop();
  await person.page.clock.runFor(3000);
  await person.reads(GONE);
  await person.page.clock.runFor(PATIENCE_MS);
  assert.equal(await person.failure(), "relay-lost");
});

stage.act("a relay that is not there at all is told at once", async () => {
  const relay = stage.add(await Relay.start());
  const person = await stage.sitAtDesk({}, `${relay.origin}/`);
  await person.send(filesOf(certFolder()));
  await relay.stop();
  await person.tap("showInstead");
  assert.equal(await person.failure(), "unreachable");
  await relay.restart();
  await startsAnew(person, "showInstead");
});
