// What a person chooses or drops becomes the right certificates, or the right fault.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { checkArrived } from "../../../client/phone/page/cert.js";
import { certsOfFiles, entriesOfDrop, entriesOfFolder } from "../../../client/phone/page/files.js";
import { zipOf } from "../../../client/phone/page/zip.js";
import { zipSync } from "fflate";
import { NOW, TABLES, certOfUser, chosen, collections, droppedFolder, filesBelow, filesOfUser, listOf, sameBytes } from "./help.mjs";

const read = (entries) => certsOfFiles(entries, TABLES);
const faultsOf = (items) => items.map(({ fault }) => fault);
const usable = (items) => items.filter(({ fault }) => fault === null);

/** Two users' files, and the collection they are from. */
function material(t) {
  const [{ dir, manifest }] = collections(t);
  const npki = manifest.users.filter(({ base }) => base === undefined);
  return { dir, manifest, one: filesOfUser(dir, npki[0]), other: filesOfUser(dir, npki[2]), withKm: filesOfUser(dir, npki.find(({ dir: path }) => path.includes("KICA"))) };
}

async function ownersOf(entries) {
  return (await read(entries)).map(({ facts, fault }) => facts?.owner ?? fault);
}

test("a dropped folder gives what the command finds in it", async (t) => {
  for (const { dir, manifest } of collections(t)) {
    const items = await read([...droppedFolder(join(dir, "NPKI"), "NPKI"), ...droppedFolder(join(dir, "GPKI"), "GPKI")]);
    assert.equal(items.length, manifest.users.length);
    assert.deepEqual(faultsOf(items), manifest.users.map(() => null));
    checkArrived(items.map(({ cert }) => cert).slice(0, 20));
    for (const user of manifest.users) {
      const item = items.find(({ facts }) => facts.subject === user.subject);
      assert.equal(item.facts.owner, user.real_name ?? item.facts.owner);
      assert.equal(item.cert.format, user.base === undefined ? "npki" : "gpki");
      assert.deepEqual(item.cert.files.map(({ kind }) => kind), certOfUser(dir, user).files.map(({ kind }) => kind));
      assert.ok(item.cert.files.every((file, i) => sameBytes(file.bytes, certOfUser(dir, user).files[i].bytes)));
    }
  }
});

test("broken certificates have the command's faults", async (t) => {
  for (const { dir } of collections(t)) {
    const items = await read(droppedFolder(join(dir, "bad"), "bad"));
    const faults = faultsOf(items).filter(Boolean).sort();
    assert.deepEqual(faults, ["damaged-cert", "damaged-cert", "damaged-key", "damaged-key", "no-cert", "no-key"]);
    const list = listOf(join(dir, "bad"));
    if (list !== null) {
      assert.deepEqual(faults, list.map(({ fault }) => fault).filter(Boolean).sort());
      assert.equal(items.length, list.length);
    }
  }
});

test("NPKI in NPKI, folders in any letter case and composition, and backups", async (t) => {
  const { one, other } = material(t);
  const at = (path, files) => [
    { path: path + "/SIGNCERT.DER", file: new Blob([files["sign-cert"]]) },
    { path: path + "/signpri.KEY", file: new Blob([files["sign-key"]]) },
  ];
  assert.deepEqual(faultsOf(await read(at("NPKI/NPKI/newCA/user/홍길동".normalize("NFD"), one))), [null]);
  assert.deepEqual(faultsOf(await read([...at("a/x", one), ...at("a/x.bak-20261120", other)])), [null]);
  assert.deepEqual(faultsOf(await read([...at("a/x", one), ...at("a/.certrelay-1", other), ...at("__MACOSX/a", other)])), [null]);
  assert.deepEqual(faultsOf(await read(at("1/2/3/4/5/6/7/8/9/10", one))), ["not-found"]);
});

test("a flat choice is paired by its names, renamed by the phone or not", async (t) => {
  const { one, other, withKm } = material(t);
  const pair = (files, mark) => [chosen(`signCert${mark}.der`, files["sign-cert"]), chosen(`signPri${mark}.key`, files["sign-key"])];
  for (const mark of [" (1)", "(1)", " 2", "-1", " - 복사본", "_1"]) {
    const items = await read([...pair(one, ""), ...pair(other, mark)]);
    assert.deepEqual(faultsOf(items), [null, null], mark);
    assert.ok(items.every(({ cert }) => [one, other].some((files) => sameBytes(cert.files[0].bytes, files["sign-cert"]) && sameBytes(cert.files[1].bytes, files["sign-key"]))), mark);
  }
  const km = [chosen("kmCert (1).der", withKm["km-cert"]), chosen("kmPri (1).key", withKm["km-key"])];
  const items = await read([...pair(one, ""), ...pair(withKm, " (1)"), ...km]);
  assert.deepEqual(items.map(({ cert }) => cert.files.length).sort(), [2, 4]);
  assert.deepEqual(faultsOf(await read([chosen("signCert.der", one["sign-cert"]), chosen("signPri (1).key", one["sign-key"])])), [null]);
});

test("names that tell nothing: the files tell, as long as there is one answer", async (t) => {
  const { dir, one, other } = material(t);
  assert.deepEqual(faultsOf(await read([chosen("6F1C.tmp", one["sign-cert"]), chosen("A2.tmp", one["sign-key"])])), [null]);
  const byStem = await read([
    chosen("hong.cer", one["sign-cert"]), chosen("kim.cer", other["sign-cert"]), chosen("kim.key", other["sign-key"]), chosen("hong.key", one["sign-key"]),
  ]);
  assert.deepEqual(faultsOf(byStem), [null, null]);
  assert.ok(byStem.every(({ cert }) => sameBytes(cert.files[0].bytes, one["sign-cert"]) === sameBytes(cert.files[1].bytes, one["sign-key"])));
  const twoKeys = await read([chosen("hong.cer", one["sign-cert"]), chosen("hong.key", one["sign-key"]), chosen("hong.der", other["sign-key"])]);
  assert.deepEqual(faultsOf(twoKeys).sort(), ["no-cert", "no-cert", "no-key"]);
  const authority = filesBelow(join(dir, "NPKI")).find(({ path }) => /^KISA\//.test(path)).bytes;
  assert.deepEqual(faultsOf(await read([chosen("ca.cer", authority), chosen("c.cer", one["sign-cert"]), chosen("k.key", one["sign-key"])])), [null]);
  const unclear = await read([chosen("a.cer", one["sign-cert"]), chosen("b.cer", other["sign-cert"]), chosen("c.key", other["sign-key"]), chosen("d.key", one["sign-key"])]);
  assert.deepEqual(faultsOf(unclear).sort(), ["no-cert", "no-cert", "no-key", "no-key"]);
});

test("half a certificate is a fault that says which half is missing", async (t) => {
  const { one } = material(t);
  assert.deepEqual(faultsOf(await read([chosen("signCert.der", one["sign-cert"])])), ["no-key"]);
  assert.deepEqual(faultsOf(await read([chosen("signPri.key", one["sign-key"])])), ["no-cert"]);
  assert.deepEqual(faultsOf(await read([chosen("x_sig.key", one["sign-key"])])), ["no-cert"]);
  assert.deepEqual((await read([chosen("signPri.key", one["sign-key"])]))[0].names, ["signPri.key"]);
});

test("damaged, empty, big and foreign files", async (t) => {
  const { one } = material(t);
  const key = chosen("signPri.key", one["sign-key"]);
  const cert = chosen("signCert.der", one["sign-cert"]);
  const html = new TextEncoder().encode("<!doctype html><title>로그인</title>");
  assert.deepEqual(faultsOf(await read([chosen("signCert.der", html), key])), ["damaged-cert"]);
  assert.deepEqual(faultsOf(await read([cert, chosen("signPri.key", html)])), ["damaged-key"]);
  assert.deepEqual(faultsOf(await read([cert, chosen("signPri.key", new Uint8Array(0))])), ["damaged-key"]);
  assert.deepEqual(faultsOf(await read([cert, chosen("signPri.key", new Uint8Array(65537))])), ["too-big"]);
  assert.deepEqual(faultsOf(await read([chosen("x.p12", html)])), ["damaged-cert"]);
  assert.deepEqual(faultsOf(await read([chosen("photo.jpg", html)])), ["not-found"]);
  assert.deepEqual(await read([]), []);
  const unreadable = { path: "signCert.der", file: Object.assign(new Blob(["x"]), { slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) }) };
  assert.deepEqual(faultsOf(await read([unreadable])), ["unreadable"]);
});

test("a damaged key-management file is left out, as the command does", async (t) => {
  const { withKm } = material(t);
  const items = await read([
    chosen("signCert.der", withKm["sign-cert"]), chosen("signPri.key", withKm["sign-key"]), chosen("kmCert.der", withKm["km-cert"]), chosen("kmPri.key", new Uint8Array(9)),
  ]);
  assert.deepEqual(items[0].cert.files.map(({ kind }) => kind), ["sign-cert", "sign-key", "km-cert"]);
});

test("the same certificate twice is one, the fuller; with another key it is two", async (t) => {
  const { one, withKm } = material(t);
  const at = (path, files) => [["signCert.der", "sign-cert"], ["signPri.key", "sign-key"], ["kmCert.der", "km-cert"], ["kmPri.key", "km-key"]]
    .filter(([, kind]) => files[kind]).map(([name, kind]) => ({ path: `${path}/${name}`, file: new Blob([files[kind]]) }));
  const items = await read([...at("a", { ...withKm, "km-cert": null, "km-key": null }), ...at("b", withKm), ...at("c", withKm)]);
  assert.equal(items.length, 1);
  assert.equal(items[0].cert.files.length, 4);
  const changed = Uint8Array.from(one["sign-key"]);
  changed[changed.length - 1] ^= 1;
  assert.equal((await read([...at("a", one), ...at("b", { ...one, "sign-key": changed })])).length, 2);
});

test("a PKCS#12 goes as it is, called as its file", async (t) => {
  for (const { dir } of collections(t)) {
    const files = filesBelow(join(dir, "p12"));
    const items = await read(files.map(({ path, bytes }) => chosen(path.replace(".p12", "\u202e.PFX"), bytes)));
    assert.equal(items.length, files.length);
    assert.deepEqual(faultsOf(items), files.map(() => null));
    assert.ok(items.every(({ cert, facts }, i) => facts === null && cert.owner === files[i].path.replace(".p12", "\ufffd") && sameBytes(cert.files[0].bytes, files[i].bytes)));
    checkArrived(items.map(({ cert }) => cert));
  }
});

const pemOf = (label, bytes) => `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;

test("PEM: certificate and encrypted key in one file, or the halves", async (t) => {
  const { dir, one, manifest } = material(t);
  const authority = filesBelow(join(dir, "NPKI")).find(({ path }) => /^KISA\//.test(path)).bytes;
  const text = pemOf("CERTIFICATE", authority) + pemOf("CERTIFICATE", one["sign-cert"]) + pemOf("ENCRYPTED PRIVATE KEY", one["sign-key"]);
  const [item] = await read([chosen("mine.pem", text)]);
  assert.equal(item.cert.format, "pem");
  assert.equal(item.facts.subject, manifest.users[0].subject);
  checkArrived([item.cert]);
  assert.deepEqual(faultsOf(await read([chosen("c.pem", pemOf("CERTIFICATE", one["sign-cert"]))])), ["no-key"]);
  assert.deepEqual(faultsOf(await read([chosen("k.pem", pemOf("ENCRYPTED PRIVATE KEY", one["sign-key"]))])), ["no-cert"]);
  assert.deepEqual(faultsOf(await read([chosen("k.pem", pemOf("CERTIFICATE", one["sign-cert"]) + pemOf("PRIVATE KEY", one["sign-key"]))])), ["no-key"]);
  assert.deepEqual(faultsOf(await read([chosen("c.pem", pemOf("CERTIFICATE", one["sign-cert"])), chosen("signPri.key", one["sign-key"])])), [null]);
});

test("our own archive, and archives of others, give back every certificate", async (t) => {
  for (const { dir, manifest } of collections(t)) {
    const certs = manifest.users.map((user) => certOfUser(dir, user)).slice(0, 32);
    const items = await read([chosen("certrelay-NPKI-20261120.zip", await zipOf(certs, TABLES, NOW))]);
    assert.equal(usable(items).length, certs.length);
    const tree = Object.fromEntries(filesBelow(dir).filter(({ path }) => /^[NG]PKI/.test(path)).map(({ path, bytes }) => ["내 인증서/" + path, bytes]));
    assert.equal(usable(await read([chosen("x.zip", zipSync(tree))])).length, manifest.users.length);
  }
});

test("two thousand entries are looked at, no more", async (t) => {
  const { one } = material(t);
  const pair = [chosen("signCert.der", one["sign-cert"]), chosen("signPri.key", one["sign-key"])];
  const others = Array.from({ length: 2000 }, (_, i) => ({ path: `a/${i}.txt`, file: new Blob(["x"]) }));
  assert.deepEqual(faultsOf(await read([...pair, ...others])), [null]);
  assert.deepEqual(faultsOf(await read([...others, ...pair])), ["not-found"]);
});

/** Entries as a browser hands them out when something is dropped: names in parts, files by callback. */
function droppedEntry(name, value) {
  if (value instanceof Blob) {
    return { name, isFile: true, file: (resolve) => resolve(value) };
  }
  const parts = Object.entries(value).map(([each, inside]) => [droppedEntry(each, inside)]);
  return { name, isFile: false, createReader: () => ({ readEntries: (resolve) => resolve(parts.shift() ?? []) }) };
}

test("a folder that is dropped is walked to its end, but not deeper than eight levels", async (t) => {
  const { one } = material(t);
  const folder = { "signCert.der": new Blob([one["sign-cert"]]), "signPri.key": new Blob([one["sign-key"]]) };
  const drop = (value) => ({ items: [{ webkitGetAsEntry: () => droppedEntry("NPKI", value) }] });
  const entries = await entriesOfDrop(drop({ yessign: { USER: { "cn=x": folder } } }));
  assert.deepEqual(entries.map(({ path }) => path), ["NPKI/yessign/USER/cn=x/signCert.der", "NPKI/yessign/USER/cn=x/signPri.key"]);
  assert.deepEqual(faultsOf(await read(entries)), [null]);
  const deep = Array.from({ length: 12 }).reduce((inside) => ({ d: inside }), folder);
  assert.deepEqual(await entriesOfDrop(drop(deep)), []);
  assert.deepEqual((await entriesOfDrop({ files: [new File(["x"], "a.key")] })).map(({ path }) => path), ["a.key"]);
});

test("a folder that was picked is walked the same way", async () => {
  const file = (text) => ({ kind: "file", getFile: async () => new Blob([text]) });
  const folder = (name, children) => ({ kind: "directory", name, entries: async function* () { yield* Object.entries(children); } });
  const entries = await entriesOfFolder(folder("USB", { NPKI: folder("NPKI", { a: file("1") }), b: file("2") }));
  assert.deepEqual(entries.map(({ path }) => path), ["USB/NPKI/a", "USB/b"]);
});
