// What a phone does to a page in the middle of a transfer: suspends it, reloads it, throws it away and brings it back.
import assert from "node:assert/strict";
import { Cutter } from "./cut.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

const stage = Stage.build();

const BECAME = {
  waiting: "The page was opened anew while it showed a number.",
  receiving: "The page was opened anew before the certificate was saved.",
  saved: "The last transfer was finished: the certificate was saved",
  paired: "The page was opened anew before you agreed to send.",
  sending: "The page was opened anew while sending.",
  sent: "The last transfer was finished: the other device had saved",
};

async function lineOf() {
  const cutter = stage.add(await Cutter.start(stage.relay.port));
  const person = await stage.sitAtDesk({}, `${cutter.origin}/`);
  const devtools = await person.context.newCDPSession(person.page);
  const become = (state) => devtools.send("Page.setWebLifecycleState", { state });
  return { cutter, person, become };
}

// The relay lets go of a line that is cut; the page, being frozen, cannot know.
async function freeze({ become, cutter }) {
  await become("frozen");
  cutter.cutAll();
  cutter.goDown();
}

async function resume({ become, cutter }) {
  cutter.comeUp();
  await become("active");
}

stage.act("frozen while the number is shown; the other device comes meanwhile", async () => {
  const line = await lineOf();
  const code = await line.person.receive();
  await freeze(line);
  const sender = stage.pc().export(certFolder(), { code });
  await sender.event((event) => event.step === "connect");
  await resume(line);
  const zip = await line.person.save();
  await line.person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("frozen between arriving and saving", async () => {
  const line = await lineOf();
  const sender = stage.pc().export(certFolder(), { code: await line.person.receive() });
  await line.person.toSaving();
  await freeze(line);
  await sender.event((event) => event.event === "peer" && event.state === "away");
  await resume(line);
  const zip = await line.person.downloadBy("download");
  await line.person.tap("haveFile");
  await line.person.reads("The sender knows that it is saved.");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("the sending page is frozen while it waits for consent, and again on the way", async () => {
  const pc = stage.pc();
  const receiver = pc.import();
  const line = await lineOf();
  await line.person.send(filesOf(certFolder()));
  await line.person.enter((await receiver.event((event) => event.code)).code);
  await line.person.at("send-consent");
  await freeze(line);
  await receiver.event((event) => event.event === "peer" && event.state === "away");
  await resume(line);
  await line.person.tap("agree");
  await freeze(line);
  await resume(line);
  await line.person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
});

async function reloaded(person, stageName) {
  await person.page.reload();
  await person.at("start");
  await person.reads(BECAME[stageName]);
  assert.equal(await person.page.locator(".notice").count(), 1);
}

// What is said once is not said again.
async function saidOnce(person) {
  await person.page.reload();
  await person.at("start");
  assert.equal(await person.page.locator(".notice").count(), 0);
}

stage.act("reloaded while the number is shown: the number is gone, and nobody waits under it", async () => {
  const person = await stage.sitAtDesk();
  const code = await person.receive();
  await reloaded(person, "waiting");
  assert.deepEqual(person.questions, []);
  await saidOnce(person);
  assert.notEqual(await person.receive(), code);
});

stage.act("reloaded when connected, and when arrived but not saved: not here, and the sender was not told sent", async () => {
  for (const goTo of ["at", "toSaving"]) {
    const person = await stage.sitAtDesk();
    const sender = stage.pc().export(certFolder(), { code: await person.receive(), options: ["--patience", "1"] });
    await person.button("howToSave").waitFor();
    if (goTo === "toSaving") await person.toSaving();
    await reloaded(person, "receiving");
    assert.deepEqual(person.questions, ["beforeunload"], "it was asked first");
    assert.equal(await sender.ended, 75, sender.story());
    assert.equal(sender.events().some((event) => event.event === "done"), false);
    await saidOnce(person);
  }
});

stage.act("reloaded when saved: it says so", async () => {
  const person = await stage.sitAtDesk();
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.save();
  await person.reads("The sender knows that it is saved.");
  await reloaded(person, "saved");
  assert.equal(await sender.ended, 0);
  await saidOnce(person);
});

stage.act("reloaded when sending, by stage: before consent, on the way, sent", async () => {
  for (const stageName of ["paired", "sending", "sent"]) {
    const receiver = await stage.sitAtDesk();
    const person = await stage.sitAtDesk();
    await person.send(filesOf(certFolder()));
    await person.enter(await receiver.receive());
    await person.at("send-consent");
    if (stageName !== "paired") await person.tap("agree");
    if (stageName !== "paired") await receiver.button("howToSave").waitFor();
    if (stageName === "sent") await receiver.save();
    if (stageName === "sent") await person.at("send-done");
    await reloaded(person, stageName);
    assert.deepEqual(person.questions, stageName === "sending" ? ["beforeunload"] : []);
  }
});

// As when the browser threw the page away and makes it anew from the session's history.
async function throwAwayAndRestore({ page }) {
  await page.evaluate(() => (window.isTheOldOne = true));
  await page.goto("about:blank");
  await page.goBack();
  assert.equal(await page.evaluate(() => window.isTheOldOne), undefined);
}

stage.act("thrown away and restored: it says what became of the transfer", async () => {
  const person = await stage.sitAtDesk();
  const sender = stage.pc().export(certFolder(), { code: await person.receive(), options: ["--patience", "1"] });
  await person.toSaving();
  await throwAwayAndRestore(person);
  await person.reads(BECAME.receiving);
  assert.equal(await sender.ended, 75);
});

stage.act("crashed and loaded anew: it starts, and nothing counts as sent", async () => {
  const person = await stage.sitAtDesk();
  const sender = stage.pc().export(certFolder(), { code: await person.receive(), options: ["--patience", "1"] });
  await person.toSaving();
  const devtools = await person.context.newCDPSession(person.page);
  const crashed = person.page.waitForEvent("crash");
  devtools.send("Page.crash").catch(() => {});
  await crashed;
  assert.equal(await sender.ended, 75, sender.story());
  await devtools.send("Page.reload");
  const screen = "document.getElementById('main')?.dataset.screen";
  for (let shown = ""; shown !== "start";) {
    shown = await devtools.send("Runtime.evaluate", { expression: screen }).then(({ result }) => result.value, () => "");
  }
});

stage.act("the browser's back asks before it loses a transfer, and leads to the start", async () => {
  const person = await stage.sitAtDesk();
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await person.page.goBack();
  await person.at("start");
  assert.deepEqual(person.questions, ["confirm"]);
  assert.equal(await sender.ended, 75, sender.story());
  assert.equal(sender.events().find((event) => event.event === "error").id, "peer-cancelled");
});
