// Keeping certificates in the page: nothing before it is turned on, sealed while it is on, nothing after it is turned off.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

const stage = Stage.build();

// All that a page can leave behind in a browser.
async function leftBehind(person) {
  const devtools = await person.context.newCDPSession(person.page);
  const origin = new URL(person.page.url()).origin;
  const local = { securityOrigin: origin, isLocalStorage: true };
  const ask = (method, options) => devtools.send(method, options);
  return {
    databases: (await ask("IndexedDB.requestDatabaseNames", { securityOrigin: origin })).databaseNames,
    caches: (await ask("CacheStorage.requestCacheNames", { securityOrigin: origin })).caches.length,
    local: (await ask("DOMStorage.getDOMStorageItems", { storageId: local })).entries.length,
    session: (await ask("DOMStorage.getDOMStorageItems", { storageId: { ...local, isLocalStorage: false } })).entries.length,
    cookies: (await person.context.cookies()).length,
    workers: await person.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length),
    files: await person.page.evaluate(async () => (await Array.fromAsync((await navigator.storage.getDirectory()).keys())).length),
  };
}

const NOTHING = { databases: [], caches: 0, local: 0, session: 0, cookies: 0, workers: 0, files: 0 };
const KEPT = { ...NOTHING, databases: ["certrelay-keep"] };

async function receiveAndKeep(person, button) {
  const sender = stage.pc().export(certFolder(), { code: await person.receive() });
  await person.toSaving();
  await person.page.locator("details summary").first().click();
  await person.tap(button);
  await person.at("receive-done");
  assert.equal(await sender.ended, 0, sender.story());
  await person.reads("보낸 기기에도 저장되었다고 알렸습니다.");
  await person.tap("done");
}

stage.act("a whole transfer in either direction leaves nothing in the browser", async () => {
  const [receiver, sender] = [await stage.sit(), await stage.sitAtDesk()];
  await sender.send(filesOf(certFolder()));
  await sender.enter(await receiver.receive());
  await sender.agree();
  await receiver.save();
  await receiver.at("receive-done");
  await sender.at("send-done");
  assert.deepEqual(await leftBehind(receiver), NOTHING);
  assert.deepEqual(await leftBehind(sender), NOTHING);
  await receiver.tap("done");
  await receiver.tap("kept");
  await receiver.button("turnOn").waitFor();
  assert.deepEqual(await leftBehind(receiver), NOTHING, "looking stores nothing");
});

// The raw records, as anybody who reads the browser's folder would see them.
function rawRecords(page) {
  return page.evaluate(async () => {
    const asked = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: reject }));
    const database = await asked(indexedDB.open("certrelay-keep"));
    const binary = (bytes) => Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
    const flat = (value) => {
      if (value instanceof ArrayBuffer) return binary(value);
      if (ArrayBuffer.isView(value)) return binary(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
      if (value instanceof CryptoKey) return `key, extractable: ${value.extractable}`;
      return value && typeof value === "object" ? Object.entries(value).map(([name, part]) => `${name}=${flat(part)}`).join(";") : String(value);
    };
    const stores = [...database.objectStoreNames];
    const all = await Promise.all(stores.map((name) => asked(database.transaction(name).objectStore(name).getAll())));
    database.close();
    return all.flat().map(flat);
  });
}

stage.act("kept, listed after a reload with the days that are left, and nothing of it lies open", async () => {
  const person = await stage.sit();
  await receiveAndKeep(person, "turnOnAndKeep");
  assert.deepEqual(await leftBehind(person), KEPT);
  await person.page.reload();
  await person.tap("kept");
  const owner = /cn=([^,(]+)/.exec(path.basename(certFolder()))[1];
  await person.page.locator("li.cert", { hasText: owner }).waitFor();
  assert.match(await person.page.locator("li.cert .tag").first().innerText(), /\d+일 남음/);
  const raw = (await rawRecords(person.page)).join("\n");
  assert.ok(raw.includes("key, extractable: false"));
  for (const file of filesOf(certFolder())) {
    const bytes = fs.readFileSync(file).toString("latin1");
    for (const at of [0, 64, bytes.length - 24]) assert.equal(raw.includes(bytes.slice(at, at + 24)), false, file);
  }
  for (const text of [owner, Buffer.from(owner).toString("latin1")]) assert.equal(raw.includes(text), false, "the owner's name");
});

stage.act("what is kept is sent again to a PC, and saved as a file, byte for byte", async () => {
  const person = await stage.sit();
  await receiveAndKeep(person, "turnOnAndKeep");
  await person.tap("kept");
  const file = person.page.getByRole("button", { name: "파일로 저장", exact: true });
  const [download] = await Promise.all([person.page.waitForEvent("download"), file.click()]);
  assertStore(stage.pc(), await download.path());
  const pc = stage.pc();
  const receiver = pc.import();
  await person.page.locator("li.cert").getByRole("button", { name: "보내기", exact: true }).click();
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
  await person.tap("done");
  await person.tap("send");
  await person.page.getByRole("button", { name: /김영희/ }).click();
  await person.page.locator("label.cert").waitFor();
});

stage.act("one is deleted, and turning it off deletes the rest and the database", async () => {
  const person = await stage.sit();
  await receiveAndKeep(person, "turnOnAndKeep");
  await receiveAndKeep(person, "keepHere");
  await person.tap("kept");
  await person.page.locator("li.cert").waitFor();
  assert.equal(await person.page.locator("li.cert").count(), 1, "the same one is kept once");
  await person.tap("delete");
  await person.tap("deleteIt");
  await person.page.locator("li.cert").waitFor({ state: "detached" });
  assert.equal((await rawRecords(person.page)).length, 1, "the key alone");
  assert.deepEqual(await leftBehind(person), KEPT);
  await person.tap("turnOff");
  await person.tap("deleteAll");
  await person.button("turnOn").waitFor();
  assert.deepEqual(await leftBehind(person), NOTHING);
  await person.tap("turnOn");
  await person.button("turnOff").waitFor();
  assert.deepEqual(await leftBehind(person), KEPT);
});
