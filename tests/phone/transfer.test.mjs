// Every way between PC and page, both showers: what was received is byte for byte what was sent.
import assert from "node:assert/strict";
import path from "node:path";
import { digestsBelow, samples } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder, unzip } from "./stage.mjs";

const stage = Stage.build();

async function received(person, sender) {
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0, sender.story());
  await person.reads("보낸 기기에도 저장되었다고 알렸습니다.");
  assertStore(stage.pcs[0], zip);
}

async function shownBy(program) {
  return program.event((event) => event.code);
}

stage.act("the page shows a number, the PC sends", async () => {
  const person = await stage.sit();
  const code = await person.receive();
  assert.match(code, /^\d{12}$/);
  const sender = stage.pc().export(certFolder(), { code });
  await received(person, sender);
});

stage.act("the PC shows a number, the page receives", async () => {
  const sender = stage.pc().export(certFolder());
  const person = await stage.sit();
  await person.enterNumber((await shownBy(sender)).code);
  await received(person, sender);
});

stage.act("the PC's QR code is opened on the phone: nothing is joined before the tap", async () => {
  const sender = stage.pc().export(certFolder(), { options: ["--qr-only"] });
  const { link } = await sender.event((event) => event.link);
  const person = await stage.sit({}, `${stage.relay.origin}/#${link.split("#")[1]}`);
  await person.at("receive");
  assert.equal(new URL(person.page.url()).hash, "");
  await person.button("startReceiving").waitFor();
  assert.equal(sender.events().some((event) => event.event === "device"), false);
  await person.tap("startReceiving");
  await received(person, sender);
});

async function sent(person, receiver) {
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0, receiver.story());
}

stage.act("the PC shows a number, the page sends", async () => {
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.enter((await shownBy(receiver)).code);
  await sent(person, receiver);
  assertSame(pc.store);
});

stage.act("the page shows a number, the PC receives", async () => {
  const pc = stage.pc();
  const person = await stage.sit();
  await person.send(filesOf(certFolder()));
  await person.tap("showInstead");
  await sent(person, pc.import({ code: await person.shownNumber() }));
  assertSame(pc.store);
});

async function betweenPages(shower) {
  const receiver = await stage.sit();
  const sender = await stage.sitAtDesk();
  await sender.send(filesOf(certFolder()));
  if (shower === "receiver") {
    await sender.enter(await receiver.receive());
  } else {
    await sender.tap("showInstead");
    await receiver.enterNumber(await sender.shownNumber());
  }
  await sender.agree();
  const zip = await receiver.save();
  await receiver.at("receive-done");
  await sender.at("send-done");
  assertStore(stage.pc(), zip);
}

stage.act("from page to page, the receiver shows, in two languages", () => betweenPages("receiver"));

stage.act("from page to page, the sender shows", () => betweenPages("sender"));

stage.act("several certificates go at once, and again from the page's own zip", async () => {
  const first = await stage.sit();
  const sender = stage.pc().export(path.join(samples(), "NPKI"), { code: await first.receive(), certs: ["1", "2"] });
  const zip = await first.save();
  await first.at("receive-done");
  assert.equal(await sender.ended, 0, sender.story());
  const pc = stage.pc();
  const receiver = pc.import();
  const second = await stage.sit();
  await second.send([zip]);
  await second.enter((await shownBy(receiver)).code);
  await sent(second, receiver);
  const wanted = digestsBelow(unzip(zip));
  assert.ok(wanted.length >= 4);
  assert.deepEqual(digestsBelow(pc.store), wanted);
});
