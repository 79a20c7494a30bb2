// Archives we make are read by everybody; archives we read cannot harm.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { zipSync } from "fflate";
import { isZip, readZip, zipOf } from "../../../client/phone/page/zip.js";
import { NOW, TABLES, certOfUser, collections, filesBelow, folderFor, idOf, listOf, randomFrom, sameBytes } from "./help.mjs";

const all = () => true;
const npkiUsers = (manifest) => manifest.users.filter(({ base }) => base === undefined);

function unpacked(t, bytes) {
  const dir = folderFor(t);
  writeFileSync(join(dir, "a.zip"), bytes);
  mkdirSync(join(dir, "out"));
  const python = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])";
  execFileSync("python3", ["-c", python, join(dir, "a.zip"), join(dir, "out")]);
  if (spawnSync("unzip", ["-v"]).status === 0) {
    execFileSync("unzip", ["-tqq", join(dir, "a.zip")], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
  } else {
    t.diagnostic("SKIP unzip: not here");
  }
  return join(dir, "out");
}

test("an archive unpacks to the folders programs look in, byte for byte", async (t) => {
  for (const { dir, manifest } of collections(t)) {
    const certs = manifest.users.map((user) => certOfUser(dir, user));
    const out = unpacked(t, await zipOf(certs, TABLES, NOW));
    const made = filesBelow(out);
    const where = (bytes) => made.filter((file) => sameBytes(file.bytes, bytes)).map(({ path }) => path);
    assert.equal(made.length, certs.reduce((sum, { files }) => sum + files.length, 0));
    for (const [i, user] of manifest.users.entries()) {
      if (user.base === undefined && !user.dir.endsWith("o=ye")) {
        assert.deepEqual(where(certs[i].files[0].bytes), [`${user.dir.replace("/User/", "/USER/")}/signCert.der`]);
      }
      assert.ok(certs[i].files.every(({ bytes }) => where(bytes).length === 1));
    }
    const list = listOf(out);
    if (list === null) {
      return t.skip("CR_CERTRELAY names no command");
    }
    assert.deepEqual(list.filter(({ fault }) => fault !== undefined), []);
    assert.deepEqual(list.map(({ identity }) => identity).sort(), listOf(dir).filter(({ format, fault, path }) => format !== 2 && !fault && !path.includes("/bad/")).map(({ identity }) => identity).sort());
  }
});

test("the same certificates on the same day make the same archive, on another day another", async (t) => {
  const [{ dir, manifest }] = collections(t);
  const certs = npkiUsers(manifest).slice(0, 3).map((user) => certOfUser(dir, user));
  assert.ok(sameBytes(await zipOf(certs, TABLES, NOW), await zipOf(certs, TABLES, NOW + 3600)));
  assert.ok(!sameBytes(await zipOf(certs, TABLES, NOW), await zipOf(certs, TABLES, NOW + 86400)));
});

/** The same certificate but for its dates: bytes that nobody signed, but names that are the same. */
function renewed(cert, from, to) {
  const replace = (bytes) => {
    const at = Buffer.from(bytes).indexOf(from);
    assert.ok(at > 0);
    const copy = Uint8Array.from(bytes);
    copy.set(Buffer.from(to), at);
    return copy;
  };
  return { ...cert, files: cert.files.map((file) => (file.kind === "sign-cert" ? { ...file, bytes: replace(file.bytes) } : file)) };
}

const begin = (user) => user.not_before.slice(2, 10).replaceAll("-", "");

test("of certificates with one name the newest gets it, the others are its backups", async (t) => {
  const [{ dir, manifest }] = collections(t);
  const [user] = npkiUsers(manifest);
  const now = certOfUser(dir, user);
  const older = renewed(now, begin(user), "240101");
  const oldest = renewed(now, begin(user), "230101");
  const paths = readZip(await zipOf([oldest, now, older, now], TABLES, NOW), all);
  assert.deepEqual(paths.map(({ path }) => path).sort(), ["", ".bak-20261120", ".bak-20261120-2"].flatMap((mark) => [`${user.dir}${mark}/signCert.der`, `${user.dir}${mark}/signPri.key`]).sort());
  assert.ok(sameBytes(paths.find(({ path }) => path === user.dir + "/signCert.der").bytes, now.files[0].bytes));
});

test("a GPKI group with the same name keeps its files apart, too", async (t) => {
  const [{ dir, manifest }] = collections(t);
  const cert = certOfUser(dir, manifest.users.find(({ base }) => base !== undefined));
  const sealed = cert.files.map((file) => (file.kind === "sign-key" ? { ...file, bytes: Uint8Array.from([...file.bytes, 0]) } : file));
  const entries = readZip(await zipOf([cert, { ...cert, files: sealed }], TABLES, NOW), all);
  assert.equal(entries.length, 2 * cert.files.length);
  assert.equal(new Set(entries.map(({ path }) => path)).size, entries.length);
  assert.equal(entries.filter(({ path }) => path.endsWith(".bak-20261120")).length, cert.files.length);
});

test("a PKCS#12 lies under certrelay/, and its name tells nothing", async (t) => {
  const [{ dir }] = collections(t);
  const [{ bytes }] = filesBelow(join(dir, "p12"));
  const cert = { format: "pkcs12", owner: "../../../etc/홍길동", issuer: "", use: "", notBefore: 0, notAfter: 0, files: [{ kind: "pkcs12", size: bytes.length, bytes }] };
  const [entry] = readZip(await zipOf([cert], TABLES, NOW), all);
  assert.match(entry.path, /^NPKI\/certrelay\/certificate-[0-9a-f]{8}\.p12$/);
  assert.ok(sameBytes(entry.bytes, bytes));
});

test("the peer's texts are nowhere in an archive", async (t) => {
  const [{ dir, manifest }] = collections(t);
  const cert = { ...certOfUser(dir, manifest.users[0]), owner: "../PEER", issuer: "PEER", use: "PEER", folder: "PEER", caFolder: "PEER" };
  assert.equal(Buffer.from(await zipOf([cert], TABLES, NOW)).indexOf("PEER"), -1);
});

const text = (string) => new TextEncoder().encode(string);
const patched = (bytes, at, ...values) => {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at);
  return copy;
};
const directoryOf = (bytes) => Buffer.from(bytes).indexOf("PK\x01\x02", 0, "latin1");

test("what an archive promises is not believed", () => {
  const bomb = zipSync({ "a.key": new Uint8Array(8 * 1024 * 1024) }, { level: 9 });
  assert.equal(readZip(bomb, all)[0].bytes, null, "too big by its own word");
  const small = patched(bomb, directoryOf(bomb) + 24, 16, 0, 0, 0);
  assert.equal(idOf(() => readZip(small, all)), "damaged-cert", "longer than it says");
  const twenty = zipSync({ "a.key": new Uint8Array(20) }, { level: 9 });
  const crcOfSixteen = [0x55, 0x4b, 0xbb, 0xec];
  const sixteen = patched(patched(twenty, directoryOf(twenty) + 24, 16), directoryOf(twenty) + 16, ...crcOfSixteen);
  assert.equal(readZip(twenty, all)[0].bytes.length, 20);
  assert.equal(idOf(() => readZip(sixteen, all)), "damaged-cert", "longer than it says, with a checksum to match");
  const stored = zipSync({ "a.key": [text("0123456789"), { level: 0 }] });
  assert.equal(idOf(() => readZip(patched(stored, 41, 0x39), all)), "damaged-cert", "checksum");
  assert.equal(idOf(() => readZip(patched(stored, directoryOf(stored) + 42, 0xff, 0xff, 0xff, 0x7f), all)), "damaged-cert", "beyond the end");
  assert.equal(idOf(() => readZip(patched(stored, directoryOf(stored) + 8, 1), all)), "unreadable", "encrypted");
  assert.equal(idOf(() => readZip(patched(stored, directoryOf(stored) + 10, 12), all)), "unreadable", "unknown method");
  assert.equal(new TextDecoder().decode(readZip(stored, all)[0].bytes), "0123456789");
});

test("many files are bounded in number and in sum", () => {
  const count = 2100;
  const many = zipSync(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}/signCert.der`, text("x")])), { level: 0 });
  assert.equal(readZip(many, all).length, 2000);
  const big = zipSync(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`${i}.der`, new Uint8Array(65536)])), { level: 9 });
  assert.equal(idOf(() => readZip(big, all)), "too-big");
  assert.equal(readZip(big, (path) => path === "3.der").length, 1);
  assert.equal(idOf(() => readZip(new Uint8Array(16 * 1024 * 1024 + 1), all)), "too-big");
});

test("names in any encoding, and dangerous ones, are only names", () => {
  const archive = Buffer.from(zipSync({ "AAAA/__proto__/signCert.der": [text("x"), { level: 0 }] }));
  for (let at = archive.indexOf("AAAA"); at >= 0; at = archive.indexOf("AAAA", at)) {
    Buffer.from([0xc8, 0xab, 0xb1, 0xe6]).copy(archive, at);
  }
  assert.equal(readZip(new Uint8Array(archive), all)[0].path, "홍길/__proto__/signCert.der");
  assert.equal(readZip(zipSync({ "..\\..\\a.der": text("x") }), all)[0].path, "../../a.der");
});

test("an archive cut off anywhere is damaged", () => {
  const whole = zipSync({ "signCert.der": text("0123456789"), "signPri.key": text("abcdefghij".repeat(30)) });
  for (let length = 0; length < whole.length; length++) {
    assert.equal(idOf(() => readZip(whole.subarray(0, length), all)), "damaged-cert", `length ${length}`);
  }
  assert.ok(isZip(whole) && !isZip(whole.subarray(1)) && !isZip(new Uint8Array(0)));
});

test("an archive with random bytes changed gives true bytes or a fault", () => {
  const random = randomFrom(20261120);
  const contents = [text("0123456789"), text("abcdefghij".repeat(30))];
  const whole = zipSync({ "signCert.der": contents[0], "signPri.key": contents[1] });
  const seen = new Set();
  for (let i = 0; i < 3000; i++) {
    const copy = Uint8Array.from(whole);
    for (let changes = 1 + (random() % 3); changes > 0; changes--) {
      copy[random() % copy.length] = random() & 255;
    }
    seen.add(idOf(() => readZip(copy, all).filter(({ bytes }) => bytes !== null).forEach(({ bytes }) => assert.ok(contents.some((each) => sameBytes(each, bytes))))));
  }
  assert.deepEqual([...seen].sort(), ["damaged-cert", "too-big", "unreadable", null].filter((id) => seen.has(id)).sort());
  assert.ok(seen.has("damaged-cert") && seen.has(null));
});
