// Numbers that are mistyped, wrong, expired or unwanted: what each costs, and what both sides say.
import assert from "node:assert/strict";
import { Relay, digestsBelow } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, certFolder, mistyped, wrongNumber } from "./stage.mjs";

const stage = Stage.build();

// The name of the failure with which the program ended, and its exit status.
async function failed(program) {
  const status = await program.ended;
  return [program.events().find((event) => event.event === "error")?.id, status];
}

async function shownBy(program) {
  return (await program.event((event) => event.code)).code;
}

stage.act("a mistyped check digit is told at once and costs nothing", async () => {
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sit();
  const code = await shownBy(receiver);
  await person.send(filesOf(certFolder()));
  await person.enter(mistyped(code));
  await person.page.locator('[data-error="code-check-digit"]').waitFor();
  await person.page.locator('#number[aria-invalid="true"]').waitFor();
  assert.equal(receiver.events().some((event) => event.event === "peer"), false, "nobody came");
  await person.enter(code);
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
});

stage.act("what is no number is told by kind", async () => {
  const person = await stage.sitAtDesk();
  await person.send(filesOf(certFolder()));
  for (const [text, name] of [["", "code-empty"], ["4821 77", "code-too-short"], ["12345678901234567890", "code-too-long"], ["abc", "code-not-digits"]]) {
    await person.enter(text);
    await person.page.locator(`[data-error="${name}"]`).waitFor();
  }
});

stage.act("a wrong number typed on the PC ends both sides, and the page offers a new one", async () => {
  const person = await stage.sit();
  const code = await person.receive();
  const sender = stage.pc().export(certFolder(), { code: wrongNumber(code) });
  assert.deepEqual(await failed(sender), ["wrong-code", 80]);
  assert.equal(await person.failure(), "wrong-code");
  await person.tap("newNumber");
  assert.notEqual(await person.shownNumber(), code);
});

stage.act("a wrong number typed on the page ends both sides, and what was chosen stays chosen", async () => {
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.enter(wrongNumber(await shownBy(receiver)));
  assert.equal(await person.failure(), "wrong-code");
  assert.deepEqual(await failed(receiver), ["wrong-code", 80]);
  const second = pc.import();
  await person.tap("newNumber");
  await person.enter(await shownBy(second));
  await person.agree();
  await person.at("send-done");
  assert.equal(await second.ended, 0);
  assertSame(pc.store);
});

stage.act("a number nobody waits under is told, and a used one too", async () => {
  const person = await stage.sit();
  const first = await person.receive();
  const sender = stage.pc().export(certFolder(), { code: wrongNumber(first) });
  assert.equal(await person.failure(), "wrong-code");
  await sender.ended;
  const late = await stage.sitAtDesk();
  await late.send(filesOf(certFolder()));
  await late.enter(first);
  assert.equal(await late.failure(), "unavailable");
});

stage.act("two that both want to send, or both to receive, are told so", async () => {
  const first = await stage.sit();
  const second = await stage.sitAtDesk();
  await second.enterNumber(await first.receive());
  assert.deepEqual([await first.failure(), await second.failure()], ["same-role", "same-role"]);
});

// The clock of what is on the screen, in seconds.
async function left(person) {
  const text = await person.page.getByRole("timer").innerText();
  const [, minutes, seconds] = /(\d+):(\d\d)/.exec(text);
  return Number(minutes) * 60 + Number(seconds);
}

async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

stage.act("a number expires, the page says so and gives a new one; more time helps", async () => {
  const relay = stage.add(await Relay.start({ wait_seconds: 8, wait_max_seconds: 12 }));
  const person = await stage.sit({}, `${relay.origin}/`);
  const code = await person.receive();
  await until(async () => (await left(person)) <= 6);
  await person.tap("moreTime");
  await until(async () => (await left(person)) >= 7);
  assert.equal(await person.failure(), "expired");
  await person.tap("newNumber");
  assert.notEqual(await person.shownNumber(), code);
  const late = await stage.sitAtDesk({}, `${relay.origin}/`);
  await late.enterNumber(code);
  assert.equal(await late.failure(), "unavailable");
});

stage.act("the sender declines on the page: nothing leaves", async () => {
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.enter(await shownBy(receiver));
  await person.at("send-consent");
  await person.tap("disagree");
  await person.at("ended");
  await person.page.locator(".notice.info").waitFor();
  assert.deepEqual(await failed(receiver), ["peer-declined", 77]);
  assert.deepEqual(digestsBelow(pc.store), []);
  assert.equal(receiver.events().some((event) => event.event === "offer"), false);
});

stage.act("the receiver declines on the page, before and after looking how to save", async () => {
  for (const isLater of [false, true]) {
    const person = await stage.sit();
    const sender = stage.pc().export(certFolder(), { code: await person.receive() });
    await person.button("howToSave").waitFor();
    if (isLater) await person.toSaving();
    await person.tap("refuse");
    await person.at("ended");
    await person.page.locator(".notice.info").waitFor();
    assert.deepEqual(await failed(sender), ["peer-declined", 77]);
  }
});

stage.act("a page hears that the other page declined, in the words for its own part", async () => {
  for (const decliner of ["sender", "receiver"]) {
    const [receiver, sender] = [await stage.sitAtDesk(), await stage.sitAtDesk()];
    const code = await receiver.receive();
    await sender.send(filesOf(certFolder()));
    await sender.enter(code);
    await sender.at("send-consent");
    const [no, other] = decliner === "sender" ? [sender, receiver] : [receiver, sender];
    if (decliner === "receiver") await sender.tap("agree");
    if (decliner === "receiver") await receiver.button("howToSave").waitFor();
    await no.tap(decliner === "sender" ? "disagree" : "refuse");
    assert.equal(await other.failure(), "peer-declined");
    assert.equal(await other.page.getByText("Nothing was sent.").count(), decliner === "sender" ? 1 : 0);
  }
});

stage.act("who stops is told apart from who was stopped", async () => {
  const receiver = await stage.sit();
  const sender = stage.pc().export(certFolder(), { code: await receiver.receive() });
  await receiver.button("howToSave").waitFor();
  await sender.kill("SIGINT");
  assert.equal(await receiver.failure(), "peer-cancelled");
  assert.equal(sender.exit, 130);
});
