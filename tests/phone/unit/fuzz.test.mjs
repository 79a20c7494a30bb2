// Whatever bytes come, the readers give an answer or one of their faults, and soon.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { zipSync } from "fflate";
import { checkKey, isPkcs12, openPem, readFacts } from "../../../client/phone/page/cert.js";
import { certsOfFiles } from "../../../client/phone/page/files.js";
import { isZip, readZip } from "../../../client/phone/page/zip.js";
import { TABLES, chosen, collections, filesBelow, idOf, randomFrom } from "./help.mjs";

const ROUNDS = 20000;
const FILE_ROUNDS = 1000;
const HANG_MS = 10000;

const READERS = {
  facts: [(bytes) => readFacts(bytes, TABLES), ["damaged-cert"]],
  key: [checkKey, ["damaged-key"]],
  zip: [(bytes) => readZip(bytes, () => true), ["damaged-cert", "too-big", "unreadable"]],
  pem: [openPem, ["no-cert", "no-key", "damaged-cert", "damaged-key"]],
  shape: [(bytes) => isPkcs12(bytes) || isZip(bytes), []],
};

const pemOf = (label, bytes) => `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;

function seedsOf(t) {
  const files = collections(t).flatMap(({ dir }) => filesBelow(dir)).filter(({ path }) => /\.(der|key|cer|p12)$/i.test(path)).map(({ bytes }) => bytes);
  const pem = new TextEncoder().encode(pemOf("CERTIFICATE", files[0]) + pemOf("ENCRYPTED PRIVATE KEY", files[1]));
  const zips = [0, 6].map((level) => zipSync({ "NPKI/a/signCert.der": files[0], "NPKI/a/signPri.key": files[1] }, { level }));
  return { files, containers: [pem, ...zips] };
}

/** Files more often than containers, which are few. */
function seedPicker(t, random) {
  const { files, containers } = seedsOf(t);
  return () => {
    const group = random() % 4 ? files : containers;
    return group[random() % group.length];
  };
}

const TWISTS = [
  (bytes, random) => bytes.subarray(0, random() % (bytes.length + 1)),
  (bytes, random) => changed(bytes, random, () => random() & 255),
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << (random() & 7))),
  (bytes, random) => changed(bytes, random, () => [0, 1, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff][random() & 7]),
  (bytes, random, pick) => spliced(bytes, pick(), random),
  (bytes, random) => Uint8Array.from({ length: random() % 300 }, () => random() & 255),
];

function changed(bytes, random, make) {
  const copy = Uint8Array.from(bytes);
  for (let count = 1 + (random() % 8); count > 0 && copy.length > 0; count--) {
    const at = random() % copy.length;
    copy[at] = make(copy[at]);
  }
  return copy;
}

function spliced(one, other, random) {
  const [from, to] = [random() % (one.length + 1), random() % (other.length + 1)];
  return Uint8Array.from([...one.subarray(0, from), ...other.subarray(to)]);
}

/** Runs every reader; gives how long the slowest took. */
function readAll(bytes, seen) {
  let slowest = 0;
  for (const [name, [read, faults]] of Object.entries(READERS)) {
    const begin = performance.now();
    const id = idOf(() => read(bytes));
    slowest = Math.max(slowest, performance.now() - begin);
    assert.ok(id === null || faults.includes(id), `${name}: ${id?.stack ?? id}\n${Buffer.from(bytes).toString("base64")}`);
    seen.add(`${name} ${id}`);
  }
  return slowest;
}

test("twenty thousand changed inputs meet only the faults that are written down", (t) => {
  const random = randomFrom(4711);
  const pick = seedPicker(t, random);
  const seen = new Set();
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    slowest = Math.max(slowest, readAll(TWISTS[random() % TWISTS.length](pick(), random, pick), seen));
  }
  assert.ok(slowest < HANG_MS);
  for (const each of ["facts null", "facts damaged-cert", "key null", "key damaged-key", "zip null", "zip damaged-cert", "pem null", "pem damaged-cert"]) {
    assert.ok(seen.has(each), each);
  }
});

test("changed files that a person chooses meet only the faults that are written down", async (t) => {
  const random = randomFrom(42);
  const pick = seedPicker(t, random);
  const names = ["signCert.der", "signPri.key", "kmCert (1).der", "a_sig.cer", "a_sig.key", "x.p12", "y.pem", "z.zip", "unknown"];
  const known = [null, "no-key", "no-cert", "damaged-cert", "damaged-key", "too-big", "not-found", "unreadable"];
  for (let round = 0; round < FILE_ROUNDS; round++) {
    const files = names.filter(() => random() % 3 === 0).map((name) => {
      return chosen(name, random() % 2 ? pick() : TWISTS[random() % TWISTS.length](pick(), random, pick));
    });
    for (const { fault, cert } of await certsOfFiles(files, TABLES)) {
      assert.ok(known.includes(fault) && (cert === null) === (fault !== null), String(fault));
    }
  }
});

const repeated = (unit, size) => Buffer.concat(Array.from({ length: Math.ceil(size / unit.length) }, () => Buffer.from(unit))).subarray(0, size);
const wrapped = (tag, content) => Buffer.concat([Buffer.from([tag, 0x83, content.length >> 16, (content.length >> 8) & 255, content.length & 255]), content]);

test("inputs made to be slow are not", () => {
  const size = 65500;
  const big = Buffer.alloc(size, 0x41);
  const name = wrapped(0x30, wrapped(0x31, wrapped(0x30, Buffer.concat([Buffer.from("0603550403", "hex"), wrapped(0x0c, Buffer.alloc(size - 40, "(a"))]))));
  const bomb = zipSync({ "a.key": new Uint8Array(65536 * 1000) }, { level: 9 });
  bomb.set([0, 0, 1, 0], Buffer.from(bomb).indexOf("PK\x01\x02", 0, "latin1") + 24);
  const inputs = [
    Buffer.alloc(size, 0x30), repeated([0x30, 0x80], size), repeated([0x30, 0x83, 0x00, 0xff, 0x00], size), repeated([0x3f, 0xff], size),
    wrapped(0x30, wrapped(0x30, wrapped(0x02, big))), wrapped(0x30, wrapped(0x30, Buffer.concat([Buffer.from("020101", "hex"), wrapped(0x30, wrapped(0x06, Buffer.alloc(size, 0xff)))]))),
    wrapped(0x30, wrapped(0x30, Buffer.concat([Buffer.from("0201013005060355040a", "hex"), name]))),
    repeated("-----BEGIN A-----", size), repeated("-----BEGIN A-----\nAAAA\n-----END A-----\n", size), Buffer.concat([repeated("-----BEGIN A-----\n", size - 20), Buffer.from("-----END A-----\n")]),
    repeated("PK\x05\x06", size), bomb,
  ];
  for (const input of inputs) {
    assert.ok(readAll(new Uint8Array(input), new Set()) < HANG_MS);
  }
});
