// What the page says of certificates is what the C code and the makers of the samples say.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { checkArrived, checkCerts, checkKey, daysLeft, isPkcs12, readFacts, stateOf } from "../../../client/phone/page/cert.js";
import { nameSafe, withoutTail } from "../../../client/phone/page/names.js";
import { TABLES, certOfUser, collections, filesBelow, folderFor, idOf, listOf, tablesOfSource } from "./help.mjs";

function signCert(dir, user) {
  const folder = join(dir, user.dir);
  const wanted = user.base === undefined ? "signcert.der" : user.base + "_sig.cer";
  const name = readdirSync(folder).find((each) => each.toLowerCase() === wanted.toLowerCase());
  return new Uint8Array(readFileSync(join(folder, name)));
}

const seconds = (text) => Date.parse(text) / 1000;
const aCert = (t) => {
  const [{ dir, manifest }] = collections(t);
  return signCert(dir, manifest.users[0]);
};

test("the tables are those of the C code", () => {
  assert.deepEqual(TABLES.policies, tablesOfSource().policies);
  assert.deepEqual(TABLES.issuers, tablesOfSource().issuers);
  assert.ok(TABLES.policies.length > 80 && TABLES.issuers.length === 9);
});

test("facts are those of the manifest", (t) => {
  for (const { dir, manifest } of collections(t)) {
    for (const user of manifest.users) {
      const facts = readFacts(signCert(dir, user), TABLES);
      assert.equal(facts.subject, user.subject, user.id);
      assert.equal(facts.policy, user.policy, user.id);
      if (user.serial !== undefined) {
        assert.equal(facts.serial, user.serial, user.id);
        assert.equal(facts.owner, user.real_name, user.id);
        assert.equal(facts.notBefore, seconds(user.not_before), user.id);
        assert.equal(facts.notAfter, seconds(user.not_after), user.id);
        assert.equal("cn=" + facts.issuerCn, user.issuer.split(",")[0], user.id);
      }
      if (user.base === undefined && !basename(user.dir).endsWith("o=ye")) {
        assert.equal(facts.folder, basename(user.dir).normalize("NFC"), user.id);
        assert.equal(facts.caFolder, user.dir.split("/")[1], user.id);
      }
    }
  }
});

test("facts are those of the command", (t) => {
  for (const { dir } of collections(t)) {
    const list = listOf(dir);
    if (list === null) {
      return t.skip("CR_CERTRELAY names no command");
    }
    const readable = list.filter(({ format, fault }) => format !== 2 && fault === undefined);
    assert.ok(readable.length > 5);
    for (const told of readable) {
      const facts = factsOfPath(told);
      assert.equal(facts.owner, told.owner);
      assert.equal(facts.subject, told.subject);
      assert.equal(facts.issuerEn, told.issuer_en);
      assert.equal(facts.useEn, told.use_en);
      assert.deepEqual([facts.issuerKo, facts.useKo, facts.issuerCn, facts.isTest], [told.issuer_ko, told.use_ko, told.issuer_cn, told.is_test]);
      assert.equal(facts.serial, told.serial);
      assert.equal(facts.notAfter, seconds(told.not_after));
    }
  }
});

function factsOfPath(told) {
  const all = readdirSync(told.path).filter((name) => /^(signcert\.der|.*_sig\.cer)$/i.test(name));
  return readFacts(new Uint8Array(readFileSync(join(told.path, all[0]))), TABLES);
}

test("days are counted in Korea, and states follow them", () => {
  const facts = { notBefore: seconds("2026-08-11T15:00:00Z"), notAfter: seconds("2026-11-20T14:59:59Z") };
  assert.equal(daysLeft(facts, seconds("2026-11-20T14:59:59Z")), 0);
  assert.equal(daysLeft(facts, seconds("2026-11-20T15:00:00Z")), -1);
  assert.equal(daysLeft(facts, seconds("2026-10-20T15:00:00Z")), 30);
  assert.equal(stateOf(facts, seconds("2026-10-20T15:00:00Z")), "renew-soon");
  assert.equal(stateOf(facts, seconds("2026-10-20T14:59:59Z")), "valid");
  assert.equal(stateOf(facts, seconds("2026-11-20T15:00:00Z")), "expired");
  assert.equal(stateOf(facts, seconds("2026-08-11T14:59:59Z")), "not-yet");
});

test("a certificate in PEM, or with bytes behind it, reads the same", (t) => {
  const der = aCert(t);
  const pem = `some words\n-----BEGIN CERTIFICATE-----\r\n${Buffer.from(der).toString("base64").replace(/.{64}/g, "$&\r\n")}\r\n-----END CERTIFICATE-----\n`;
  const facts = readFacts(der, TABLES);
  assert.deepEqual(readFacts(new TextEncoder().encode(pem), TABLES), facts);
  assert.deepEqual(readFacts(Uint8Array.from([...der, 0, 1, 2]), TABLES), facts);
});

test("a certificate cut off anywhere is damaged", (t) => {
  const der = aCert(t);
  for (let length = 0; length < der.length; length++) {
    assert.equal(idOf(() => readFacts(der.subarray(0, length), TABLES)), "damaged-cert", `length ${length}`);
  }
});

test("a key cut off anywhere is damaged, and bytes behind it do not matter", (t) => {
  for (const { dir } of collections(t)) {
    for (const { path, bytes } of filesBelow(join(dir, "NPKI")).filter(({ path }) => /\.key$/i.test(path))) {
      assert.equal(idOf(() => checkKey(bytes)), null, path);
      assert.equal(idOf(() => checkKey(Uint8Array.from([...bytes, 13, 10]))), null);
      for (let length = 0; length < bytes.length; length += length < 64 ? 1 : 37) {
        assert.equal(idOf(() => checkKey(bytes.subarray(0, length))), "damaged-key", `${path} length ${length}`);
      }
    }
  }
});

const BITS = 800;
const TINY_KEY = Buffer.from("300e300706052a030405060403010203", "hex");

test("of certificates with one bit wrong the page takes none that the command refuses, and reads them alike", (t) => {
  const der = aCert(t);
  const dir = folderFor(t);
  for (let number = 0; number < BITS; number++) {
    const flipped = Uint8Array.from(der);
    const bit = (number * 131) % (der.length * 8);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    mkdirSync(join(dir, String(number)));
    writeFileSync(join(dir, String(number), "signCert.der"), flipped);
    writeFileSync(join(dir, String(number), "signPri.key"), TINY_KEY);
  }
  const list = listOf(dir);
  if (list === null) {
    return t.skip("CR_CERTRELAY names no command");
  }
  assert.equal(list.length, BITS);
  const stricter = list.filter((told) => !agrees(told));
  assert.ok(stricter.length < BITS / 50, `${stricter.length} refused by the page alone`);
});

/** Whether page and command both read it; what only the page reads, or reads otherwise, fails. */
function agrees(told) {
  const bytes = new Uint8Array(readFileSync(join(told.path, "signCert.der")));
  const id = idOf(() => readFacts(bytes, TABLES));
  if (id !== null) {
    assert.equal(id, "damaged-cert");
    return told.fault === id;
  }
  const facts = readFacts(bytes, TABLES);
  assert.equal(told.fault, undefined, told.path);
  assert.deepEqual([facts.owner, facts.issuerEn, facts.serial, facts.notAfter], [told.owner, told.issuer_en, told.serial, seconds(told.not_after)]);
  return true;
}

test("names are made safe, and cut only between characters", () => {
  assert.equal(nameSafe('cn=A/S "센터", <1>', 200), "cn=A_S _센터_, _1_");
  assert.equal(nameSafe("..", 200), "_");
  assert.equal(nameSafe("../../etc", 200), "_._.._etc");
  assert.equal(nameSafe("a\u202eb\u0000c\u200bd", 200), "a_b_c_d");
  assert.equal(nameSafe("\u1112\u1161\u11ab", 200), "한");
  assert.equal(nameSafe("가".repeat(100), 200), "가".repeat(66));
  assert.equal(nameSafe("x. . ", 200), "x");
  assert.equal(nameSafe("", 200), "_");
});

test("only a tail of fifteen digits behind parentheses goes", () => {
  assert.equal(withoutTail("홍길동()0020041200806232804005"), "홍길동");
  assert.equal(withoutTail("(주)한글상사(Hangul)0099011202608120000003"), "(주)한글상사");
  assert.equal(withoutTail("홍길동()00200412008062"), "홍길동()00200412008062");
  assert.equal(withoutTail("()0020041200806232804005"), "()0020041200806232804005");
});

const TAGS = { utf8: 0x0c, printable: 0x13, teletex: 0x14, bmp: 0x1e };
const der = (tag, ...parts) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = content.length < 128 ? [tag, content.length] : [tag, 0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from(head), content]);
};

/** A certificate of nobody with just this common name. */
function certNamed(tag, bytes) {
  return certWith(der(0x30, der(0x31, der(0x30, der(6, [0x55, 4, 3]), der(tag, bytes)))));
}

function certWith(name, { time = der(0x17, "260101000000Z"), algorithm = der(0x30, der(6, [0x2a, 3, 4])) } = {}) {
  const body = der(0x30, der(2, [5]), algorithm, name, der(0x30, time, time), name, der(0x30, algorithm, der(3, [0, 1])));
  return new Uint8Array(der(0x30, body, algorithm, der(3, [0, 1])));
}

test("names are read whatever their type", () => {
  const nameIn = (tag, bytes) => readFacts(certNamed(tag, bytes), TABLES).subject;
  assert.equal(nameIn(TAGS.teletex, [0xc8, 0xab, 0xb1, 0xe6, 0xb5, 0xbf]), "cn=홍길동");
  assert.equal(nameIn(TAGS.teletex, [0xe9, 0x20]), "cn=é ", "no CP949");
  assert.equal(nameIn(TAGS.bmp, [0xd6, 0x4d, 0xae, 0x38, 0xb3, 0xd9]), "cn=홍길동");
  assert.equal(nameIn(TAGS.utf8, "홍길동"), "cn=홍길동");
  assert.equal(nameIn(TAGS.utf8, "홍길동".normalize("NFD")), "cn=홍길동");
  assert.equal(nameIn(TAGS.utf8, "a\u0000\u202eb"), "cn=a\ufffd\ufffdb");
  assert.equal(nameIn(TAGS.printable, [0xc8, 0xab, 0xb1, 0xe6]), "cn=홍길");
  assert.equal(idOf(() => nameIn(TAGS.utf8, [0xb1, 0xe6])), "damaged-cert");
  assert.equal(idOf(() => nameIn(TAGS.bmp, [0xd6])), "damaged-cert");
  assert.equal(idOf(() => nameIn(TAGS.bmp, [0xd8, 0])), "damaged-cert");
});

test("parts of one set are joined by +, sets by commas, the most specific first", () => {
  const part = (type, text) => der(0x30, der(6, [0x55, 4, type]), der(TAGS.utf8, text));
  const name = der(0x30, der(0x31, part(6, "kr")), der(0x31, part(0x0a, "x")), der(0x31, part(0x0b, "y"), part(3, "z")));
  assert.equal(readFacts(certWith(name), TABLES).subject, "cn=z+ou=y,o=x,c=kr");
  assert.equal(readFacts(certWith(der(0x30)), TABLES).folder, "serial=5");
});

test("what the library takes and the command does not is damaged", () => {
  const idWith = (parts) => idOf(() => readFacts(certWith(der(0x30), parts), TABLES));
  const algorithm = (...members) => ({ algorithm: der(0x30, ...members) });
  const oid = der(6, [0x2a, 3, 4]);
  assert.equal(idWith({}), null);
  assert.equal(idWith(algorithm(oid, der(5))), null);
  assert.equal(idWith(algorithm(oid, der(5), der(5))), "damaged-cert", "a member too many");
  assert.equal(idWith(algorithm(oid, [0x30, 1, 5, 0])), "damaged-cert", "a member longer than what holds it");
  assert.equal(idWith(algorithm(oid, [0x30, 0x80, 5, 0, 0, 0])), "damaged-cert", "an open length");
  assert.equal(idWith(algorithm(oid, Array.from({ length: 60 }).reduce((inner) => der(0x30, inner), der(5)))), "damaged-cert", "too deep");
  assert.equal(idWith(algorithm(der(6, [0x2a, 0x80, 4]))), "damaged-cert", "a padded number in an identifier");
  assert.equal(idWith(algorithm(oid, der(1))), "damaged-cert", "a BOOLEAN that holds nothing");
  assert.equal(idWith({ time: der(0x17, "260101000000+0900") }), null);
  assert.equal(idWith({ time: der(0x17, "260229000000Z") }), "damaged-cert", "no such day");
  assert.equal(idWith({ time: der(0x17, "2601010000.0Z") }), "damaged-cert", "a fraction in a short time");
  assert.equal(idWith({ time: der(0x18, "20260101000000.5Z") }), null);
});

test("what arrived must be whole, and within the limits", (t) => {
  const [{ dir, manifest }] = collections(t);
  const cert = certOfUser(dir, manifest.users[0]);
  const without = (kind) => ({ ...cert, files: cert.files.filter((file) => file.kind !== kind) });
  const many = Array.from({ length: 33 }, () => cert);
  assert.equal(idOf(() => checkArrived([cert])), null);
  assert.equal(idOf(() => checkArrived([without("sign-key")])), "no-key");
  assert.equal(idOf(() => checkArrived([without("sign-cert")])), "no-cert");
  assert.equal(idOf(() => checkArrived([{ ...cert, files: [...cert.files, cert.files[0]] }])), "damaged-cert");
  assert.equal(idOf(() => checkArrived([{ ...cert, format: "pkcs12" }])), "damaged-cert");
  assert.equal(idOf(() => checkArrived([{ ...cert, format: "tar" }])), "damaged-cert");
  assert.equal(idOf(() => checkArrived([])), "no-cert");
  assert.equal(checkCerts(many), "too-many");
  assert.equal(checkCerts([{ files: Array.from({ length: 11 }, () => ({ size: 65536 })) }]), "too-big");
  assert.equal(checkCerts(many.slice(1)), null);
});

test("a PKCS#12 is known by its shape", (t) => {
  for (const { dir } of collections(t)) {
    for (const { path, bytes } of filesBelow(join(dir, "p12"))) {
      assert.ok(isPkcs12(bytes), path);
      assert.ok(!isPkcs12(bytes.subarray(0, bytes.length - 1)), path);
    }
    assert.ok(!isPkcs12(signCert(dir, JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")).users[0])));
  }
  assert.ok(isPkcs12(Buffer.from("30800201033080" + "06092a864886f70d010701" + "00".repeat(6), "hex")), "open lengths");
  assert.ok(!isPkcs12(new Uint8Array(0)));
});
