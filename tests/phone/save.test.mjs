// Saving into a folder: what lies there afterwards, what happens when another certificate is in the way, and other kinds of files.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { digestsBelow, filesBelow, samples } from "./kit.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

const stage = Stage.build();

// The folder that the person picks is one that the browser keeps for itself, so that no window has to open.
const withFolder = ({ page }) => page.addInitScript(() => {
  window.showDirectoryPicker = async () => navigator.storage.getDirectory();
});

// [{path, bytes in base64}] of all that lies in that folder.
async function filesIn(page) {
  const found = await page.evaluate(async () => {
    const walk = async (folder, at) => {
      const files = [];
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === "directory") files.push(...(await walk(handle, `${at}${name}/`)));
        else files.push({ path: at + name, bytes: btoa(String.fromCharCode(...new Uint8Array(await (await handle.getFile()).arrayBuffer()))) });
      }
      return files;
    };
    return walk(await navigator.storage.getDirectory(), "");
  });
  return found.map((file) => ({ path: file.path, digest: createHash("sha256").update(Buffer.from(file.bytes, "base64")).digest("hex") }));
}

const digests = (files) => files.map((file) => file.digest).sort();

async function arrive(person, folder = certFolder()) {
  const sender = stage.pc().export(folder, { code: await person.receive() });
  await person.toSaving();
  return sender;
}

async function put(page, file, bytes) {
  await page.evaluate(async ([where, content]) => {
    const names = where.split("/");
    let folder = await navigator.storage.getDirectory();
    for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name, { create: true });
    const writable = await (await folder.getFileHandle(names.at(-1), { create: true })).createWritable();
    await writable.write(Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)));
    await writable.close();
  }, [file, Buffer.from(bytes).toString("base64")]);
}

stage.act("into a folder: the NPKI folders, byte for byte, and the place is named", async () => {
  const person = await stage.sit({ prepare: withFolder });
  const sender = await arrive(person);
  await person.tap("folder");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0, sender.story());
  const files = await filesIn(person.page);
  assert.deepEqual(digests(files), digestsBelow(certFolder()));
  const place = path.relative(samples(), certFolder());
  assert.ok(files.every((file) => path.dirname(file.path) === place), JSON.stringify(files));
  await person.reads(place);
});

stage.act("the same certificate once more changes nothing and needs no question", async () => {
  const person = await stage.sit({ prepare: withFolder });
  for (let i = 0; i < 2; i++) {
    const sender = await arrive(person);
    await person.tap("folder");
    await person.at("receive-done");
    assert.equal(await sender.ended, 0);
    await person.reads("보낸 기기에도 저장되었다고 알렸습니다.");
    await person.tap("done");
  }
  assert.deepEqual(digests(await filesIn(person.page)), digestsBelow(certFolder()));
});

stage.act("another certificate in the way is asked about, kept as a backup, and not touched before", async () => {
  const place = path.relative(samples(), certFolder());
  const person = await stage.sit({ prepare: withFolder });
  const old = Buffer.from("not the same certificate");
  await put(person.page, `${place}/signCert.der`, old);
  await put(person.page, `${place}/signPri.key`, old);
  const before = await filesIn(person.page);
  const sender = await arrive(person);
  await person.tap("folder");
  await person.button("replace").waitFor();
  assert.deepEqual(await filesIn(person.page), before);
  await person.tap("otherWay");
  await person.button("replace").waitFor({ state: "detached" });
  assert.equal(sender.exit, undefined, "not sent yet");
  await person.tap("folder");
  await person.tap("replace");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  const files = await filesIn(person.page);
  assert.deepEqual(digests(files.filter((file) => path.dirname(file.path) === place)), digestsBelow(certFolder()));
  assert.deepEqual(digests(files.filter((file) => path.dirname(file.path) !== place)), digests(before));
});

stage.act("a folder that cannot be written is told, and another way still works", async () => {
  const person = await stage.sit({ prepare: ({ page }) => page.addInitScript(() => {
    window.showDirectoryPicker = async () => { throw new DOMException("", "NotAllowedError"); };
  }) });
  const sender = await arrive(person);
  await person.tap("folder");
  await person.page.locator('[data-error="not-writable"]').waitFor();
  const zip = await person.downloadBy("download");
  assert.equal(sender.exit, undefined, "a download alone says nothing to the sender");
  await person.tap("haveFile");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("a closed picker and a second download cost nothing", async () => {
  const person = await stage.sit({ prepare: ({ page }) => page.addInitScript(() => {
    window.showDirectoryPicker = async () => { throw new DOMException("", "AbortError"); };
  }) });
  const sender = await arrive(person);
  await person.tap("folder");
  await person.downloadBy("download");
  const zip = await person.downloadBy("onceMore");
  await person.tap("haveFile");
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
});

stage.act("a locked .p12 goes as it is", async () => {
  const p12 = filesBelow(samples()).find((file) => file.name.endsWith(".p12"));
  const [receiver, sender] = [await stage.sit(), await stage.sitAtDesk()];
  await sender.send([p12.path]);
  await sender.enter(await receiver.receive());
  await sender.agree();
  const file = await receiver.save();
  await sender.at("send-done");
  assert.ok(file.endsWith(".p12"), file);
  assert.deepEqual(fs.readFileSync(file), fs.readFileSync(p12.path));
});

stage.act("what is no certificate is refused at the choice, each with its reason", async () => {
  const person = await stage.sitAtDesk();
  await person.tap("send");
  const bad = path.join(samples(), "bad");
  for (const [folder, name] of [["no-key", "no-key"], ["no-cert", "no-cert"], ["cert-truncated", "damaged-cert"], ["key-empty", "damaged-key"]]) {
    await person.page.locator("input[type=file]").first().setInputFiles(filesOf(path.join(bad, folder)));
    await person.page.locator(`[data-error="${name}"]`).first().waitFor();
    assert.equal(await person.button("next").count(), 0);
  }
  await person.page.locator("input[type=file]").first().setInputFiles(filesOf(certFolder()));
  await person.tap("next");
  await person.at("send-number");
});

stage.act("a folder NPKI is chosen whole, and one certificate of it is sent", async () => {
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sitAtDesk();
  await person.tap("send");
  await person.page.locator("input[webkitdirectory]").setInputFiles(path.join(samples(), "NPKI"));
  await person.page.locator(".cert").nth(3).waitFor();
  const owner = /cn=([^,(]+)/.exec(path.basename(certFolder()))[1];
  await person.page.locator("label.cert", { hasText: owner }).first().click();
  await person.tap("next");
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
});
