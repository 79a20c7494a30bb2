// Storing in a folder: all or nothing, nobody's certificate overwritten, whatever fails at whatever step.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { canPickFolder, canShareZip, downloadFile, downloadZip, saveToFolder, shareZip } from "../../../client/phone/page/save.js";
import { readZip } from "../../../client/phone/page/zip.js";
import { Disk } from "./disk.mjs";
import { NOW, TABLES, certOfUser, collections, filesBelow, folderFor, listOf } from "./help.mjs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const save = (certs, disk, options = {}) => saveToFolder(certs, TABLES, { folder: disk.root, now: NOW, ...options });

async function idOfSave(...given) {
  return save(...given).then(() => null, (error) => error.id ?? error);
}

function material(t) {
  const [{ dir, manifest }] = collections(t);
  const [user] = manifest.users;
  const kmUser = manifest.users.find((each) => each.dir.includes("KICA"));
  return { dir, manifest, user, cert: certOfUser(dir, user), km: certOfUser(dir, kmUser), kmUser };
}

/** The certificate with another first day: the same name, and bytes that nobody signed. */
function dated(cert, user, day) {
  const from = user.not_before.slice(2, 10).replaceAll("-", "");
  const files = cert.files.map((file) => {
    const bytes = Uint8Array.from(file.bytes);
    const at = Buffer.from(bytes).indexOf(from);
    return file.kind === "sign-cert" ? (bytes.set(Buffer.from(day), at), { ...file, bytes }) : file;
  });
  return { ...cert, files };
}

const NAMES = { "sign-cert": "signCert.der", "sign-key": "signPri.key", "km-cert": "kmCert.der", "km-key": "kmPri.key" };
const layout = (path, cert) => cert.files.map(({ kind, bytes }) => [`${path}/${NAMES[kind]}`, hex(bytes)]);
const sorted = (...parts) => parts.flat().sort(([one], [other]) => (one < other ? -1 : 1));

function lay(disk, path, cert) {
  cert.files.forEach(({ kind, bytes }) => disk.put(`${path}/${NAMES[kind]}`, bytes));
}

for (const canMove of [true, false]) {
  const how = canMove ? "renamed" : "written twice";

  test(`a certificate is stored where programs look for it (${how})`, async (t) => {
    const { cert, user, km, kmUser } = material(t);
    const disk = new Disk("Download", { canMove });
    assert.deepEqual(await save([cert, km], disk), { places: [`Download/${user.dir}`, `Download/${kmUser.dir}`] });
    assert.deepEqual(disk.content(), sorted(layout(user.dir, cert), layout(kmUser.dir, km)));
  });

  test(`what is in the way is asked for, then kept as a backup (${how})`, async (t) => {
    const { km, kmUser: user } = material(t);
    const older = dated(km, user, "200101");
    const plain = { ...km, files: km.files.slice(0, 2) };
    const disk = new Disk("x", { canMove });
    lay(disk, user.dir, older);
    disk.put(user.dir + "/note.txt", Buffer.from("mine"));
    disk.put(user.dir + ".bak-20261120/signCert.der", Buffer.from("older still"));
    const before = disk.content();
    const asked = await save([plain], disk);
    assert.deepEqual(asked.clash.map(({ kind }) => kind), ["renewed"]);
    assert.equal(asked.folder, disk.root);
    assert.deepEqual(disk.content(), before);
    assert.deepEqual(await save([plain], disk, { mayReplace: true }), { places: [`x/${user.dir}`] });
    const note = hex(Buffer.from("mine"));
    assert.deepEqual(disk.content(), sorted(
      layout(user.dir, plain), [[user.dir + "/note.txt", note]],
      [[user.dir + ".bak-20261120/signCert.der", hex(Buffer.from("older still"))]],
      layout(user.dir + ".bak-20261120-2", older), [[user.dir + ".bak-20261120-2/note.txt", note]],
    ));
  });

  for (const isReplacing of [false, true]) {
    const what = isReplacing ? "replacing" : "new";

    test(`whatever step fails once, all is stored or all is as it was (${what}, ${how})`, async (t) => {
      const { cert, user, km, kmUser } = material(t);
      let step = 1;
      for (let isThrough = false; !isThrough; step++) {
        const disk = new Disk("x", { canMove });
        disk.put("NPKI/yessign/other.txt", Buffer.from("other"));
        if (isReplacing) {
          lay(disk, user.dir, dated(cert, user, "200101"));
        }
        const before = disk.content();
        disk.failFromNow(step, false);
        const id = await idOfSave([cert, km], disk, { mayReplace: true });
        isThrough = disk.steps < disk.failAt;
        if (id === null) {
          const there = new Map(disk.content());
          assert.ok([...layout(user.dir, cert), ...layout(kmUser.dir, km)].every(([path, bytes]) => there.get(path) === bytes), `step ${step}`);
          assert.ok([...there.keys()].every((path) => !path.includes(".certrelay-")), `step ${step}`);
        } else {
          assert.equal(id, "no-space", `step ${step}`);
          assert.deepEqual(disk.content(), before, `step ${step}`);
        }
      }
      assert.ok(step > 40);
    });
  }

  test(`whatever step everything fails from, the old certificate is still somewhere, whole (${how})`, async (t) => {
    const { cert, user } = material(t);
    const older = dated(cert, user, "200101");
    for (let step = 1, isThrough = false; !isThrough; step++) {
      const disk = new Disk("x", { canMove });
      lay(disk, user.dir, older);
      disk.failFromNow(step, true, "NotAllowedError");
      const id = await idOfSave([cert], disk, { mayReplace: true });
      isThrough = id === null;
      const there = new Map(disk.content());
      const isWhole = (path, which) => layout(path, which).every(([name, bytes]) => there.get(name) === bytes);
      assert.ok(isThrough || id === "not-writable");
      assert.ok(isWhole(user.dir, older) || isWhole(user.dir + ".bak-20261120", older), `step ${step}`);
    }
  });
}

test("a folder called NPKI is the root itself, and folders are found in any letter case", async (t) => {
  const { cert, user } = material(t);
  const disk = new Disk("npki");
  disk.put("YesSign/User/x", Buffer.from("x"));
  await save([cert], disk);
  assert.deepEqual(disk.content(), sorted([["YesSign/User/x", hex(Buffer.from("x"))]], layout(user.dir.replace("NPKI/yessign/USER", "YesSign/User"), cert)));
  const { dir, manifest } = material(t);
  const { places } = await save([certOfUser(dir, manifest.users.find(({ base }) => base !== undefined))], new Disk("NPKI"));
  assert.deepEqual(places, ["NPKI/GPKI/Certificate/class2/123공무원001_sig.cer"]);
});

test("GPKI lies beside NPKI, a PKCS#12 under certrelay/", async (t) => {
  const { dir, manifest } = material(t);
  const group = certOfUser(dir, manifest.users.find(({ base }) => base !== undefined));
  const [{ bytes }] = filesBelow(join(dir, "p12"));
  const sealed = { format: "pkcs12", owner: "../x", files: [{ kind: "pkcs12", size: bytes.length, bytes }] };
  const disk = new Disk("x");
  await save([group, sealed], disk);
  const paths = disk.content().map(([path]) => path);
  assert.equal(paths.filter((path) => /^GPKI\/Certificate\/class2\/123공무원001_(sig|env)\.(cer|key)$/.test(path)).length, group.files.length);
  assert.equal(paths.filter((path) => /^NPKI\/certrelay\/certificate-[0-9a-f]{8}\.p12$/.test(path)).length, 1);
  const other = { ...group, files: group.files.map((file) => (file.kind === "sign-key" ? { ...file, bytes: Uint8Array.from([...file.bytes, 0]) } : file)) };
  assert.equal((await save([other], disk)).clash[0].kind, "other");
  await save([other], disk, { mayReplace: true });
  assert.ok(disk.content().some(([path, there]) => path.endsWith("_sig.key.bak-20261120") && there === hex(group.files[1].bytes)));
});

test("the same certificate counts as stored, and nothing is written", async (t) => {
  const { cert, user } = material(t);
  const disk = new Disk("x");
  await save([cert], disk);
  const { writes } = disk;
  assert.deepEqual(await save([cert], disk), { places: [`x/${user.dir}`] });
  assert.equal(disk.writes, writes);
});

test("a newer or a strange one in the way is told as such", async (t) => {
  const { cert, user } = material(t);
  const disk = new Disk("x");
  lay(disk, user.dir, cert);
  assert.deepEqual((await save([dated(cert, user, "200101")], disk)).clash.map(({ kind, owner }) => [kind, owner]), [["other", user.real_name]]);
  const strange = new Disk("x");
  strange.put(user.dir + "/signPri.key", Buffer.from("?"));
  assert.equal((await save([cert], strange)).clash[0].kind, "other");
  const blocked = new Disk("x");
  blocked.put(user.dir, Buffer.from("a file"));
  assert.equal(await idOfSave([cert], blocked, { mayReplace: true }), "exists");
});

test("two of one name in one transfer are both stored", async (t) => {
  const { cert, user } = material(t);
  const older = dated(cert, user, "200101");
  const disk = new Disk("x");
  await save([older, cert], disk);
  assert.deepEqual(disk.content(), sorted(layout(user.dir, cert), layout(user.dir + ".bak-20261120", older)));
});

test("what reads back otherwise was not stored", async (t) => {
  const { cert } = material(t);
  for (const spoil of [(bytes) => bytes.subarray(1), (bytes) => bytes.map((byte, i) => byte ^ (i === 700 ? 1 : 0))]) {
    const disk = new Disk("x");
    disk.spoil = spoil;
    assert.equal(await idOfSave([cert], disk), "read-back");
    assert.deepEqual(disk.content(), []);
  }
  const late = new Disk("x");
  late.spoilMoved = (bytes) => bytes.subarray(1);
  assert.equal(await idOfSave([cert], late), "read-back");
  assert.deepEqual(late.content(), []);
});

test("what is no certificate is not stored, and closing the question is no error", async (t) => {
  const { cert } = material(t);
  const disk = new Disk("x");
  assert.equal(await idOfSave([{ ...cert, files: cert.files.slice(0, 1) }], disk), "no-key");
  assert.equal(disk.writes, 0);
  assert.equal(canPickFolder(), false);
  globalThis.showDirectoryPicker = async () => {
    throw new DOMException("closed", "AbortError");
  };
  t.after(() => delete globalThis.showDirectoryPicker);
  assert.equal(canPickFolder(), true);
  assert.equal(await saveToFolder([cert], TABLES), null);
  globalThis.showDirectoryPicker = async (options) => {
    assert.deepEqual([options.mode, options.id], ["readwrite", "certrelay"]);
    return disk.root;
  };
  assert.equal((await saveToFolder([cert], TABLES)).places.length, 1);
});

test("the command reads what was stored", async (t) => {
  const { dir, manifest } = material(t);
  const disk = new Disk("x");
  const certs = manifest.users.map((user) => certOfUser(dir, user));
  await save(certs, disk);
  const out = folderFor(t);
  for (const [path, bytes] of disk.content()) {
    mkdirSync(join(out, dirname(path)), { recursive: true });
    writeFileSync(join(out, path), Buffer.from(bytes, "hex"));
  }
  const list = listOf(out);
  if (list === null) {
    return t.skip("CR_CERTRELAY names no command");
  }
  assert.equal(list.length, certs.length);
  assert.ok(list.every(({ fault }) => fault === undefined));
});

test("a download has a name that tells nothing of the person, and its address is given back", async (t) => {
  const { cert, dir } = material(t);
  const links = [];
  globalThis.document = { createElement: () => ({ click() { links.push({ href: this.href, name: this.download }); } }) };
  t.after(() => delete globalThis.document);
  const { setTimeout: wait } = globalThis;
  const later = [];
  globalThis.setTimeout = (action, ms) => later.push({ action, ms });
  t.after(() => (globalThis.setTimeout = wait));
  await downloadZip([cert], TABLES, NOW);
  const [{ bytes }] = filesBelow(join(dir, "p12"));
  await downloadFile({ format: "pkcs12", owner: "홍길동", files: [{ kind: "pkcs12", size: bytes.length, bytes }] });
  assert.equal(links[0].name, "certrelay-NPKI-20261120.zip");
  assert.match(links[1].name, /^certificate-[0-9a-f]{8}\.p12$/);
  assert.equal(hex(await (await fetch(links[1].href)).arrayBuffer()), hex(bytes));
  globalThis.setTimeout = wait;
  later.forEach(({ action }) => action());
  assert.ok(later.every(({ ms }) => ms >= 60000));
  await assert.rejects(fetch(links[0].href));
});

test("sharing hands over one archive, where the browser shares files", async (t) => {
  const { cert } = material(t);
  const shared = [];
  const browser = { canShare: ({ files }) => files[0].type === "application/zip", share: async ({ files }) => shared.push(files[0]) };
  const was = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  t.after(() => (was ? Object.defineProperty(globalThis, "navigator", was) : delete globalThis.navigator));
  Object.defineProperty(globalThis, "navigator", { value: browser, configurable: true });
  assert.ok(canShareZip());
  assert.equal(await shareZip([cert], TABLES, NOW), true);
  assert.equal(shared[0].name, "certrelay-NPKI-20261120.zip");
  assert.equal(readZip(new Uint8Array(await shared[0].arrayBuffer()), () => true).length, 2);
  browser.share = async () => {
    throw new DOMException("closed", "AbortError");
  };
  assert.equal(await shareZip([cert], TABLES, NOW), false);
  delete browser.canShare;
  assert.equal(canShareZip(), false);
});
