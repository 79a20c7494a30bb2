// The recorded values, computed by the WebAssembly module: the draft's for CPace, another implementation's for whole sessions.

import { equal, hex, isTrue, loadScripted, unhex, utf8 } from "./check.mjs";

const E_MALFORMED = -1;
const SIDE = { typist: 1, displayer: 2 };
const RECORD_MAX_BYTES = 65536;

// Calls an export that writes length bytes to its first argument; buffers are given as address and length, or address alone.
const compute = (core, name, length, ...values) =>
  core.memory.with([length, ...values.filter((value) => value instanceof Uint8Array)], (out, _, ...places) => {
    const numbers = values.flatMap((value) => (value instanceof Uint8Array ? places.splice(0, 2) : [value]));
    const error = core.exports[name](out, ...numbers);
    return { error, bytes: core.memory.copy(out, length) };
  });

// The same for points and scalars, whose length is known.
const multiply = (core, y, g) =>
  core.memory.with([32, y, g], (out, _, yAt, _y, gAt) => ({ error: core.exports.test_share(out, yAt, gAt), bytes: core.memory.copy(out, 32) }));

const isk = (core, isA, y, { sid, Ya, ADa, Yb, ADb }) =>
  core.memory.with([64, y, sid, Ya, ADa, Yb, ADb], (out, _, yAt, _y, sidAt, sidBytes, a, _a, adA, adABytes, b, _b, adB, adBBytes) => {
    const error = core.exports.test_isk(out, yAt, isA ? 1 : 0, sidAt, sidBytes, a, adA, adABytes, b, adB, adBBytes);
    return { error, bytes: core.memory.copy(out, 64) };
  });

const decoded = (group) => Object.fromEntries(
  Object.entries(group).filter(([, value]) => typeof value === "string" && /^([0-9a-f]{2})*$/.test(value)).map(([name, value]) => [name, unhex(value)]));

const lvCat = (core, strings) =>
  strings.map((string) => core.memory.with([1000, string], (out, capacity, at, length) =>
    hex(core.memory.copy(out, core.exports.test_lv(out, capacity, at, length))))).join("");

const range = (count) => Uint8Array.from({ length: count }, (_, i) => i);

const generatorTest = async ({ coreTest, cpace }) => {
  const { core } = await loadScripted(coreTest);
  const { PRS, CI, sid, "encoded generator g": want } = decoded(cpace.calculate_generator);
  equal(compute(core, "test_generator", 32, PRS, CI, sid), { error: 0, bytes: want }, "generator");
  PRS[0] ^= 1;
  isTrue(hex(compute(core, "test_generator", 32, PRS, CI, sid).bytes) !== hex(want), "another secret has another generator");
};

const protocolTest = async ({ coreTest, cpace }) => {
  const { core } = await loadScripted(coreTest);
  const p = decoded(cpace.protocol);
  equal(multiply(core, p.ya, p.g).bytes, p.Ya, "Ya");
  equal(multiply(core, p.yb, p.g).bytes, p.Yb, "Yb");
  equal(multiply(core, p.ya, p.Yb).bytes, p.K, "K");
  equal(isk(core, true, p.ya, p).bytes, p.ISK_IR, "ISK of A");
  equal(isk(core, false, p.yb, p).bytes, p.ISK_IR, "ISK of B");
  p.ADb[0] ^= 1;
  isTrue(hex(isk(core, true, p.ya, p).bytes) !== hex(p.ISK_IR), "what is bound changes the key");
};

const multiplicationTest = async ({ coreTest, cpace }) => {
  const { core } = await loadScripted(coreTest);
  const valid = decoded(cpace.scalar_mult.Valid);
  equal(multiply(core, valid.s, valid.X).bytes, valid["G.scalar_mult(s,decode(X))"], "product");
  const highest = valid.X.slice();
  highest[31] |= 0x80;
  const bad = [unhex(cpace.scalar_mult["Invalid Y1"]), unhex(cpace.scalar_mult["Invalid Y2"]), highest];
  const none = new Uint8Array(0);
  const part = (Yb) => ({ sid: none, Ya: valid.X, ADa: none, Yb, ADb: none });
  equal(isk(core, true, valid.s, part(valid.X)).error, 0, "a good share");
  for (const share of bad) equal(isk(core, true, valid.s, part(share)).error, E_MALFORMED, `share ${hex(share)}`);
};

const stringsTest = async ({ coreTest, cpace }) => {
  const { core } = await loadScripted(coreTest);
  const { prepend_len: prepend, lv_cat: row, transcript_ir: transcript } = cpace.string_utilities;
  equal(lvCat(core, [utf8("")]), prepend["prepend_len(b'')"], "nothing");
  equal(lvCat(core, [utf8("1234")]), prepend["prepend_len(b'1234')"], "four letters");
  equal(lvCat(core, [range(127)]), prepend["prepend_len(bytes(range(127)))"], "127 bytes");
  equal(lvCat(core, [range(128)]), prepend["prepend_len(bytes(range(128)))"], "128 bytes");
  equal(lvCat(core, ["1234", "5", "", "678"].map(utf8)), row["lv_cat(b'1234',b'5',b'',b'678')"], "a row");
  equal(lvCat(core, ["123", "PartyA", "234", "PartyB"].map(utf8)), transcript["transcript_ir(b'123',b'PartyA',b'234',b'PartyB')"], "transcript");
};

// One side of a recorded session.
class Side {
  constructor(core, session, side) {
    this.core = core;
    const role = side === "typist" ? session.typist_role : 3 - session.typist_role;
    this.at = core.memory.with([unhex(session.given.prs)], (at, length) =>
      core.exports.test_session_new(SIDE[side], role, session.nameplate.length, Number(session.nameplate), at, length));
    isTrue(this.at !== 0, "a session begins");
  }

  // The next payload is this one; other takes it.
  says(want, other) {
    const { exports, memory } = this.core;
    const got = memory.with([RECORD_MAX_BYTES], (out) => memory.copy(out, exports.test_session_output(this.at, out)));
    equal(hex(got), want, "payload");
    equal(memory.with([got], (at, length) => exports.test_session_input(other.at, at, length)), 0, "input");
  }

  seals(row, isFinal) {
    const { exports, memory } = this.core;
    equal(memory.with([row], (at, length) => exports.test_session_seal(this.at, at, length, isFinal ? 1 : 0)), 0, "seal");
  }

  record() {
    const { exports, memory } = this.core;
    return memory.with([RECORD_MAX_BYTES], (out) => memory.copy(out, exports.test_session_record(this.at, out)));
  }

  exported(label, length) {
    const { exports, memory } = this.core;
    return memory.with([`${label}\0`, length], (text, _, out) => {
      equal(exports.test_session_export(this.at, text, out, length), 0, "export");
      return memory.copy(out, length);
    });
  }

  free() {
    this.core.exports.test_session_free(this.at);
  }
}

const playSession = ({ core, script }, session) => {
  const { given, frames, derived } = session;
  script.add(...["sid", "ya", "yb", "header_typist", "header_displayer"].map((name) => unhex(given[name])));
  const sides = { typist: new Side(core, session, "typist"), displayer: new Side(core, session, "displayer") };
  const other = { typist: sides.displayer, displayer: sides.typist };
  sides.typist.says(frames.START, sides.displayer);
  sides.displayer.says(frames.REPLY, sides.typist);
  sides.typist.says(frames.CONFIRM_typist, sides.displayer);
  sides.displayer.says(frames.CONFIRM_displayer, sides.typist);
  equal(script.bytes.length, 0, "randomness left");
  for (const side of Object.values(sides)) {
    equal(hex(side.exported(session.exporter_label, derived.exporter.length / 2)), derived.exporter, "exporter");
  }
  for (const { from, row, tag, payload } of session.records) {
    const bytes = unhex(row);
    sides[from].seals(bytes, tag === 3);
    sides[from].says(payload, other[from]);
    equal(hex(other[from].record().subarray(0, bytes.length)), row, "record");
  }
  Object.values(sides).forEach((side) => side.free());
};

const transcriptTest = async ({ coreTest, transcript }) => {
  const module = await loadScripted(coreTest);
  isTrue(transcript.sessions.length > 0, "there are sessions");
  for (const session of transcript.sessions) playSession(module, session);
};

const KINDS = [null, "sign-cert", "sign-key", "km-cert", "km-key", "pkcs12", "pem"];
const certOf = (files) => ({
  format: "npki", owner: "", issuer: "", use: "", notBefore: 0, notAfter: 0,
  files: files.map(({ kind, bytes }) => ({ kind: KINDS[kind], bytes: unhex(bytes) })),
});

const invitationTest = async ({ coreTest, transcript }) => {
  const { core } = await loadScripted(coreTest);
  for (const { code, invitation, files, derived, secret_kind: kind } of transcript.sessions) {
    const read = core.parseInvite(invitation.split("#")[1]);
    equal([read.wantsSend, read.hasDigits, read.hasLong], [invitation.includes("do=send"), code !== undefined && code !== null, kind === 2], "invitation");
    if (code) equal(core.parseCode(code).fault, "good", "code");
    equal(hex(core.digest(files.map(certOf))), derived.saved, "digest");
  }
  equal(core.parseInvite("v=2&do=send&code=482177301944"), null, "another version");
};

export const tests = [
  ["the generator is the draft's", generatorTest],
  ["both sides reach the draft's key", protocolTest],
  ["a share multiplies as the draft says and invalid ones are refused", multiplicationTest],
  ["strings in a row are the draft's", stringsTest],
  ["a session with given randomness is the other implementation's", transcriptTest],
  ["its invitation, code and digest are read alike", invitationTest],
];
