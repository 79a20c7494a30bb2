// What node cannot show: keeping certificates in IndexedDB, folders and code pages as a browser has them.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { build } from "esbuild";
import { serve } from "../core/server.mjs";
import { browser as launch } from "../kit.mjs";
import { NOW, TABLES, certOfUser, collections, filesBelow } from "./help.mjs";

/** As one module: its own ones a browser cannot find. */
async function bundled(name) {
  const { outputFiles: [{ text }] } = await build({ stdin: { contents: `export * from "${name}"`, resolveDir: "." }, bundle: true, format: "esm", write: false });
  return `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
}

const ASN1 = "@peculiar/asn1-schema";
const IMPORTS = { fflate: "/node_modules/fflate/esm/browser.js", [ASN1]: await bundled(ASN1) };
const EMPTY = `<!doctype html><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;

const portable = (cert) => ({ ...cert, files: cert.files.map(({ kind, size, bytes }) => ({ kind, size, bytes: Array.from(bytes) })) });

/** Starts a browser of its own; run(function, given) runs it in a page that has modules. */
async function inBrowser(action) {
  const { server, origin } = await serve(".", { "/empty": EMPTY });
  const browser = await launch();
  try {
    const context = await browser.newContext();
    const open = async () => {
      const page = await context.newPage();
      await page.goto(`${origin}/empty`);
      await page.evaluate(async () => {
        const load = (name) => import(`/client/phone/page/${name}.js`);
        Object.assign(globalThis, { keep: await load("keep"), cert: await load("cert"), save: await load("save") });
        globalThis.unpack = (plain) => ({ ...plain, files: plain.files.map((file) => ({ ...file, bytes: Uint8Array.from(file.bytes) })) });
        globalThis.idOf = (promise) => promise.then(() => null, (error) => error.id ?? String(error));
        globalThis.names = async () => (await indexedDB.databases()).map(({ name }) => name);
        globalThis.records = async (change) => {
          const open = indexedDB.open("certrelay-keep");
          await new Promise((done) => (open.onsuccess = done));
          const store = open.result.transaction(["certs", "keys"], "readwrite");
          const ask = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
          const result = await change(store, ask);
          open.result.close();
          return result;
        };
      });
      return page;
    };
    await action(open, await open());
  } finally {
    await browser.close();
    server.close();
  }
}

function given(t) {
  const [{ dir, manifest }] = collections(t);
  const certs = manifest.users.slice(0, 2).map((user) => portable(certOfUser(dir, user)));
  const [{ bytes }] = filesBelow(join(dir, "p12"));
  const sealed = { format: "pkcs12", owner: "내 파일", issuer: "", use: "", notBefore: 0, notAfter: 0, files: [{ kind: "pkcs12", size: bytes.length, bytes: Array.from(bytes) }] };
  return { certs, sealed, tables: TABLES, now: NOW, owner: manifest.users[0].real_name, dir: manifest.users[0].dir };
}

test("nothing is stored before it is turned on, nothing is left when it is turned off", (t) => inBrowser(async (open, page) => {
  const told = await page.evaluate(async ({ certs, tables, now }) => {
    const before = [await keep.isKept(), await keep.list(tables, now), await idOf(keep.put(certs.map(unpack), tables)), await idOf(keep.get("x")), await names()];
    const { databases } = IDBFactory.prototype;
    IDBFactory.prototype.databases = undefined;
    const unasked = await keep.isKept();
    IDBFactory.prototype.databases = databases;
    before.push(unasked, await names());
    await keep.turnOn();
    const on = [await keep.isKept(), await names()];
    const [id] = await keep.put(certs.map(unpack), tables);
    await keep.turnOn();
    const still = (await keep.list(tables, now)).filter(({ fault }) => fault === null).length;
    await keep.turnOff();
    return { before, on, still, after: [await keep.isKept(), await names(), await idOf(keep.get(id))] };
  }, given(t));
  assert.deepEqual(told.before, [false, [], "keep-unavailable", "keep-unavailable", [], false, []]);
  assert.deepEqual(told.on, [true, ["certrelay-keep"]]);
  assert.equal(told.still, 2, "turning it on twice keeps the key");
  assert.deepEqual(told.after, [false, [], "keep-unavailable"]);
}));

test("what is kept is listed, given back byte for byte, after a reload too, and removed", (t) => inBrowser(async (open, page) => {
  const all = given(t);
  const ids = await page.evaluate(async ({ certs, sealed, tables }) => {
    await keep.turnOn();
    return keep.put([...certs, sealed].map(unpack), tables);
  }, all);
  assert.equal(new Set(ids).size, 3);
  const told = await (await open()).evaluate(async ({ certs, sealed, tables, now, ids }) => {
    const list = await keep.list(tables, now);
    const again = await keep.put([unpack(certs[0])], tables);
    const files = await Promise.all(ids.map(async (id) => (await keep.get(id)).files.map(({ bytes }) => Array.from(bytes))));
    await keep.remove(ids[1]);
    return { list, again, files, gone: await idOf(keep.get(ids[1])), left: (await keep.list(tables, now)).length };
  }, { ...all, ids });
  assert.deepEqual(told.files, [...all.certs, all.sealed].map(({ files }) => files.map(({ bytes }) => bytes)));
  assert.deepEqual(told.again, [ids[0]], "the same certificate is kept once");
  const first = told.list.find(({ id }) => id === ids[0]);
  assert.equal(first.facts.owner, all.owner);
  assert.equal(first.cert.owner, all.owner, "not the peer's text");
  assert.equal(first.state, "valid");
  assert.ok(first.daysLeft > 0);
  assert.equal(first.cert.files[0].bytes, undefined);
  const sealed = told.list.find(({ id }) => id === ids[2]);
  assert.deepEqual([sealed.facts, sealed.state, sealed.cert.owner], [null, null, "내 파일"]);
  assert.deepEqual([told.gone, told.left], ["not-found", 2]);
}));

test("on the disk nothing of it lies open, and the key does not come out", (t) => inBrowser(async (open, page) => {
  const told = await page.evaluate(async ({ certs, tables }) => {
    await keep.turnOn();
    await keep.put([unpack(certs[0])], tables);
    return records(async (store, ask) => {
      const key = await ask(store.objectStore("keys").get("key"));
      const [record] = await ask(store.objectStore("certs").getAll());
      return {
        fields: Object.keys(record).sort(), key: [key.extractable, key.algorithm.name, key.algorithm.length],
        exported: await crypto.subtle.exportKey("raw", key).then(() => true, () => false), sealed: Array.from(new Uint8Array(record.sealed)),
      };
    });
  }, given(t));
  assert.deepEqual(told.fields, ["iv", "sealed", "version"]);
  assert.deepEqual(told.key, [false, "AES-GCM", 256]);
  assert.equal(told.exported, false);
  assert.equal(Buffer.from(told.sealed).indexOf("yessign"), -1);
}));

test("a record that was changed, or stands in another's place, does not open and is told as damaged", (t) => inBrowser(async (open, page) => {
  const told = await page.evaluate(async ({ certs, tables, now }) => {
    await keep.turnOn();
    const ids = await keep.put(certs.map(unpack), tables);
    const ivs = await records(async (store, ask) => {
      const [one, other] = await Promise.all(ids.map((id) => ask(store.objectStore("certs").get(id))));
      store.objectStore("certs").put(other, ids[0]);
      new Uint8Array(other.sealed)[40] ^= 1;
      await ask(store.objectStore("certs").put(other, ids[1]));
      return [one, other].map(({ iv }) => Array.from(iv).join());
    });
    return { ivs, ids: await Promise.all(ids.map((id) => idOf(keep.get(id)))), list: (await keep.list(tables, now)).map(({ fault, cert }) => [fault, cert]) };
  }, given(t));
  assert.notEqual(told.ivs[0], told.ivs[1]);
  assert.deepEqual(told.ids, ["damaged-cert", "damaged-cert"]);
  assert.deepEqual(told.list, [["damaged-cert", null], ["damaged-cert", null]]);
}));

test("where the disk is full, fails or reads back otherwise, nothing is kept and the reason is told", (t) => inBrowser(async (open, page) => {
  const told = await page.evaluate(async ({ certs, tables, now }) => {
    await keep.turnOn();
    const { add } = IDBObjectStore.prototype;
    const put = () => idOf(keep.put(certs.map(unpack), tables));
    IDBObjectStore.prototype.add = () => {
      throw new DOMException("", "QuotaExceededError");
    };
    const full = await put();
    let calls = 0;
    IDBObjectStore.prototype.add = function (record, id) {
      return ++calls === 2 ? this.transaction.abort() : add.call(this, record, id);
    };
    const aborted = await put();
    IDBObjectStore.prototype.add = function (record, id) {
      return add.call(this, { ...record, sealed: record.sealed.slice(1) }, id);
    };
    const spoiled = await put();
    IDBObjectStore.prototype.add = add;
    const { encrypt } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.encrypt = function (parameters, key, packed) {
      packed[packed.length - 1] ^= 1;
      return encrypt.call(this, parameters, key, packed);
    };
    const changed = await put();
    SubtleCrypto.prototype.encrypt = encrypt;
    return { full, aborted, spoiled, changed, left: (await keep.list(tables, now)).length, good: await put() };
  }, given(t));
  assert.equal(told.full, "no-space");
  assert.equal(told.aborted, "keep-unavailable");
  assert.deepEqual([told.spoiled, told.changed], ["read-back", "read-back"]);
  assert.deepEqual([told.left, told.good], [0, null]);
}));

test("turning it on again, when that fails, takes nothing away", (t) => inBrowser(async (open, page) => {
  const told = await page.evaluate(async ({ certs, tables, now }) => {
    const { generateKey } = SubtleCrypto.prototype;
    const failing = () => Promise.reject(new DOMException("", "UnknownError"));
    SubtleCrypto.prototype.generateKey = failing;
    const results = [await idOf(keep.turnOn()), await names()];
    SubtleCrypto.prototype.generateKey = generateKey;
    await keep.turnOn();
    await keep.put(certs.map(unpack), tables);
    SubtleCrypto.prototype.generateKey = failing;
    results.push(await idOf(keep.turnOn()), (await keep.list(tables, now)).length);
    return results;
  }, given(t));
  assert.deepEqual(told, ["keep-unavailable", [], "keep-unavailable", 2]);
}));

test("without IndexedDB, or one that refuses, it says that it cannot keep", (t) => inBrowser(async (open, page) => {
  const told = await page.evaluate(async ({ tables, now }) => {
    const refusing = { open: () => { throw new DOMException("", "SecurityError"); }, deleteDatabase: () => { throw new DOMException("", "SecurityError"); } };
    const results = [];
    for (const value of [undefined, refusing]) {
      Object.defineProperty(globalThis, "indexedDB", { value, configurable: true });
      results.push([await keep.isKept(), await idOf(keep.turnOn())]);
    }
    return results;
  }, given(t));
  assert.deepEqual(told, [[false, "keep-unavailable"], [false, "keep-unavailable"]]);
}));

test("it can be turned off while another tab uses it", (t) => inBrowser(async (open, page) => {
  const other = await open();
  const all = given(t);
  await page.evaluate(async ({ certs, tables }) => {
    await keep.turnOn();
    await keep.put(certs.map(unpack), tables);
  }, all);
  const listing = other.evaluate(async ({ tables, now }) => {
    const lists = [];
    for (let i = 0; i < 20; i++) {
      lists.push(await keep.list(tables, now).then((list) => list.length, (error) => error.id));
    }
    return lists;
  }, all);
  await page.evaluate(() => keep.turnOff());
  for (const length of await listing) {
    assert.ok([0, 2, "keep-unavailable"].includes(length), String(length));
  }
  assert.deepEqual(await other.evaluate(async () => [await keep.isKept(), await names()]), [false, []]);
}));

test("a certificate is stored in a folder of the browser's own, and read back", (t) => inBrowser(async (open, page) => {
  const all = given(t);
  const told = await page.evaluate(async ({ certs, tables, now }) => {
    const folder = await navigator.storage.getDirectory();
    const first = await save.saveToFolder(certs.map(unpack), tables, { folder, now });
    const again = await save.saveToFolder(certs.map(unpack), tables, { folder, now });
    const paths = [];
    const walk = async (dir, prefix) => {
      for await (const [name, handle] of dir.entries()) {
        await (handle.kind === "directory" ? walk(handle, `${prefix}${name}/`) : paths.push(prefix + name));
      }
    };
    await walk(folder, "");
    return { first, again, paths, canMove: typeof FileSystemFileHandle.prototype.move };
  }, all);
  assert.deepEqual(told.first.places[0], all.dir);
  assert.deepEqual(told.again, told.first);
  assert.equal(told.canMove, "function");
  assert.deepEqual(told.paths.filter((path) => path.startsWith(all.dir)).sort(), ["signCert.der", "signPri.key"].map((name) => `${all.dir}/${name}`));
  assert.equal(told.paths.length, all.certs.reduce((sum, { files }) => sum + files.length, 0));
}));

test("syllables outside KS X 1001 are read", (t) => inBrowser(async (open, page) => {
  const text = await page.evaluate(async () => (await import("/client/phone/page/names.js")).koreanText(Uint8Array.of(0x8c, 0x63, 0xb9, 0xe6)));
  assert.equal(text, "똠방");
}));
