// A relay that gives numbers only to its organisation: the page asks for a permit, or takes the other device's number.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { temporary } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

const RIGHT = "spring-Yq7vN2pLx0";
const WRONG = "winter-As9xP4rJz2";
const permits = path.join(temporary(), "permits");
fs.writeFileSync(permits, `# of 2026\n${RIGHT}\n`, { mode: 0o600 });
const stage = Stage.build({ permits_file: permits });

async function forbidden(person) {
  await person.tap("receive");
  assert.equal(await person.failure(), "relay-forbidden");
}

async function show(person, permit) {
  await person.page.locator("#permit").fill(permit);
  await person.tap("withPermit");
}

// Wherever a page could leave something behind.
function traces(page) {
  return page.evaluate(() => JSON.stringify([localStorage, sessionStorage, history.state, document.cookie, location.href]));
}

stage.act("with the permit there is a number, again and again, and nothing of it is kept", async () => {
  const person = await stage.sitAtDesk();
  await forbidden(person);
  const field = person.page.locator("#permit");
  assert.deepEqual([await field.getAttribute("type"), await field.getAttribute("autocomplete")], ["password", "off"]);
  await show(person, ` ${RIGHT} `);
  const sender = stage.pc().export(certFolder(), { code: await person.shownNumber() });
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
  await person.tap("done");
  assert.match(await person.receive(), /^\d{12}$/);
  assert.ok(!(await traces(person.page)).includes(RIGHT));
  await person.page.reload();
  await forbidden(person);
});

stage.act("what is no permit is told at once, and a wrong one by the relay", async () => {
  const person = await stage.sitAtDesk();
  await forbidden(person);
  for (const text of ["", "short", "two words here"]) {
    await show(person, text);
    await person.page.locator('[data-error="permit-malformed"]').waitFor();
    assert.equal(await person.page.locator("#permit").getAttribute("aria-invalid"), "true");
  }
  await show(person, WRONG);
  await person.page.locator("#permit-fault:empty").waitFor({ state: "attached" });
  assert.equal(await person.failure(), "relay-forbidden");
  assert.equal(await person.page.locator("#permit").inputValue(), "");
});

stage.act("without a permit the other device's number is entered instead", async () => {
  const person = await stage.sitAtDesk();
  await forbidden(person);
  const pc = stage.pc();
  const sender = pc.export(certFolder(), { options: ["--permit-file", pc.file("permit", RIGHT)] });
  await person.tap("enterInstead");
  await person.enter((await sender.event((event) => event.code)).code, "startReceiving");
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(pc, zip);
});

stage.act("a page that sends keeps what was chosen", async () => {
  const person = await stage.sitAtDesk();
  await person.send(filesOf(certFolder()));
  await person.tap("showInstead");
  assert.equal(await person.failure(), "relay-forbidden");
  await show(person, RIGHT);
  const pc = stage.pc();
  const receiver = pc.import({ code: await person.shownNumber() });
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
});
