// Whole transfers through core.js: what arrives, what is refused, and what is left in memory.

import { ENDS, Transfer, loadCore } from "../../../client/phone/page/core.js";
import { equal, findInMemory, hex, isTrue, loadScripted, throws, utf8 } from "./check.mjs";
import { Pair, bytesOf, sampleCert } from "./pair.mjs";
import { SALT } from "./relay.mjs";

const MEMORY_MAX_BYTES = 96 * 65536;
const clock = () => 1000;
const load = ({ core }) => loadCore(core, { now: clock });

const deliver = (pair, certs) => {
  isTrue(pair.enter(), "the number is taken");
  isTrue(pair.devices[0].consent(certs), "consent is taken");
  pair.pump();
};

const finish = (pair) => {
  const digest = pair.core.digest(pair.devices[1].certs());
  isTrue(pair.devices[1].stored(digest), "stored is taken");
  pair.pump();
};

const completeTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core), cert = sampleCert();
  isTrue(pair.enter(), "the number is taken");
  equal(pair.last(0, "hello").hello, { role: "receiver", name: "phone", platform: "web", program: "test" }, "hello");
  equal(pair.last(1, "hello").hello.name, "서랍 PC", "its name");
  isTrue(pair.devices[0].consent([cert]), "consent is taken");
  pair.pump();
  equal(pair.devices[1].certs(), [cert], "what arrived");
  finish(pair);
  equal([0, 1].map((i) => pair.last(i, "ended").end), ["done", "done"], "ends");
  const expected = ["online", "code", "peer", "confirmed", "hello", "sending", "saved", "ended"];
  equal(pair.types(0).filter((type) => type !== "time"), expected, "events");
  isTrue(pair.devices.every((device) => device.isFinished()), "nothing is left to say");
  pair.free();
};

const bytesTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core), cert = sampleCert();
  deliver(pair, [cert]);
  const [got] = pair.devices[1].certs();
  got.files.forEach((file, i) => equal(hex(file.bytes), hex(cert.files[i].bytes), file.kind));
  pair.devices[1].certs()[0].files[0].bytes.fill(0);
  equal(hex(pair.devices[1].certs()[0].files[0].bytes), hex(cert.files[0].bytes), "what was given out is a copy");
  pair.free();
};

const digitsTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core, { displayer: { secrets: "digits" } });
  pair.pump();
  const { digits, fragment } = pair.devices[0].shown("wss://relay.example/ws");
  isTrue(/^4821 \d{4} \d{4}$/.test(digits), `a number in groups: ${digits}`);
  isTrue(fragment.includes("relay=wss%3A%2F%2Frelay.example%2Fws"), "the relay is in the invitation");
  const { fault, invite } = core.parseCode(` ${digits.replaceAll(" ", "-")}`);
  equal(fault, "good", "typed with hyphens");
  isTrue(pair.devices[1].enter(invite), "taken");
  isTrue(!pair.devices[1].enter(invite), "not twice");
  pair.pump();
  isTrue(pair.types(1).includes("confirmed"), "both have proved the code");
  pair.free();
};

const wrongCodeTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core, { displayer: { secrets: "digits" } });
  pair.pump();
  const right = pair.devices[0].shown("").digits.replaceAll(" ", "");
  const wrong = `4821${(Number(right[4]) + 1) % 10}${right.slice(5, 11)}`;
  const { invite } = Array.from("0123456789", (check) => core.parseCode(wrong + check)).find(({ fault }) => fault === "good");
  pair.devices[1].enter(invite);
  pair.pump();
  equal(pair.last(0, "ended")?.end, "wrong-code", "the displayer's end");
  equal(pair.last(1, "ended")?.end, "wrong-code", "the typist's end");
  equal(pair.devices[1].certs(), [], "nothing arrived");
  pair.free();
};

const refusalTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core);
  deliver(pair, [sampleCert()]);
  isTrue(pair.devices[1].refuse("no-space"), "refuse is taken");
  isTrue(!pair.devices[1].refuse("no-space"), "once");
  pair.pump();
  const { end, reason } = pair.last(0, "ended");
  equal([end, reason], ["peer-refused", "no-space"], "the sender's end");
  pair.free();
};

const brokenTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core);
  pair.enter();
  isTrue(pair.devices[0].consent([sampleCert(60000)]), "consent is taken");
  const message = pair.devices[0].output();
  pair.devices[0].lost(false);
  equal(pair.devices[0].output(), null, "no connection, no message");
  isTrue(Number.isFinite(pair.devices[0].connectAt()), "it will be tried again");
  pair.devices[0].connecting();
  equal(pair.devices[0].connectAt(), Infinity, "one at a time");
  pair.devices[0].connected();
  pair.pump();
  isTrue(message.length > 0 && pair.types(1).includes("arrived"), "it arrives all the same");
  finish(pair);
  equal(pair.last(0, "ended").end, "done", "end");
  pair.free();
};

const SECRETS = [["key file", sampleCert().files[1].bytes.subarray(100, 140)], ["certificate", sampleCert().files[0].bytes.subarray(0, 32)],
  ["owner", utf8("홍길동(HONG)0000")], ["other device's name", utf8("서랍 PC")]];

const wipeTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core);
  deliver(pair, [sampleCert()]);
  const { digits, fragment } = pair.devices[0].shown("");
  const long = Uint8Array.from(atob(fragment.split("key=")[1].replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const secrets = [...SECRETS, ["long secret", long], ["digits", utf8(digits.replaceAll(" ", "").slice(4, 11))],
    ["digits as shown", utf8(digits)], ["invitation", utf8(fragment.slice(10, 40))]];
  for (const [what, bytes] of secrets.slice(0, 6)) isTrue(findInMemory(core, bytes) >= 0, `${what} is there to be found`);
  finish(pair);
  pair.free();
  for (const [what, bytes] of secrets) equal(findInMemory(core, bytes), -1, `${what} in memory after free`);
};

const STACK_BYTES = 65536; // at address 0; what its first call uses is below its end
const TOP_BYTES = 512;

const stackTest = async (given) => {
  const core = await load(given);
  const used = () => core.memory.copy(16, STACK_BYTES - TOP_BYTES).filter((byte) => byte !== 0).length;
  const pair = new Pair(core);
  deliver(pair, [sampleCert()]);
  isTrue(used() > 100, "the stack was used");
  pair.free();
  equal(used(), 0, "bytes left on the stack");
};

const nothingLeftTest = async (given) => {
  const core = await load(given);
  const sizes = [];
  for (let round = 0; round < 8; round++) {
    const pair = new Pair(core);
    deliver(pair, [sampleCert(40000)]);
    finish(pair);
    pair.free();
    sizes.push(core.exports.memory.buffer.byteLength);
  }
  equal(new Set(sizes.slice(1)).size, 1, `memory after each transfer: ${sizes}`);
  const all = new Uint8Array(core.exports.memory.buffer, 131072);
  isTrue(all.filter((byte) => byte !== 0).length < 64, "what is left is a list of free memory");
};

const largestTest = async (given) => {
  const core = await load(given);
  const files = ["sign-cert", "sign-key"].map((kind, i) => ({ kind, bytes: bytesOf(65536, i) }));
  const certs = Array.from({ length: 5 }, () => ({ ...sampleCert(), files }));
  const pair = new Pair(core);
  deliver(pair, certs);
  equal(pair.devices[1].certs().length, 5, "certificates");
  finish(pair);
  equal(pair.last(0, "ended").end, "done", "end");
  isTrue(core.exports.memory.buffer.byteLength <= MEMORY_MAX_BYTES, "within the cap");
  pair.free();
};

const limitsTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core);
  pair.enter();
  const tooBig = { ...sampleCert(), files: [{ kind: "pem", bytes: bytesOf(65537, 0) }] };
  const twice = { ...sampleCert(), files: [0, 1].map((i) => ({ kind: "pem", bytes: bytesOf(10, i) })) };
  for (const certs of [[], [tooBig], [twice], [{ ...sampleCert(), files: [] }], [{ ...sampleCert(), owner: "가".repeat(86) }]]) {
    isTrue(!pair.devices[0].consent(certs), "outside the limits");
  }
  throws(() => core.digest([tooBig]), RangeError, "digest of too much");
  isTrue(pair.devices[0].consent([{ ...sampleCert(), owner: "가".repeat(85) }]), "it can be offered again, corrected");
  isTrue(!pair.devices[0].consent([sampleCert()]), "once");
  pair.free();
};

const typesTest = async (given) => {
  const core = await load(given);
  const good = { side: "displayer", role: "sender" };
  const file = { kind: "pem", bytes: bytesOf(3, 0) };
  const wrong = {
    "a side": () => new Transfer(core, { ...good, side: "left" }),
    "a side from the prototype": () => new Transfer(core, { ...good, side: "toString" }),
    "a role": () => new Transfer(core, { ...good, role: 1 }),
    "secrets": () => new Transfer(core, { ...good, secrets: "none" }),
    "a name": () => new Transfer(core, { ...good, name: "x".repeat(129) }),
    "a zero byte": () => new Transfer(core, { ...good, name: "a\0b" }),
    "patience": () => new Transfer(core, { ...good, patienceMs: NaN }),
    "an invite": () => new Transfer(core, { ...good, side: "typist", invite: {} }),
    "a text": () => core.parseCode(482177301944),
    "a count": () => core.random(-1),
    "bytes": () => core.sha256("abc"),
    "a format": () => core.digest([{ ...sampleCert(), format: "toString" }]),
    "a kind": () => core.digest([{ ...sampleCert(), files: [{ ...file, kind: "zip" }] }]),
    "file bytes": () => core.digest([{ ...sampleCert(), files: [{ ...file, bytes: undefined }] }]),
    "a time": () => core.digest([{ ...sampleCert(), notAfter: "tomorrow" }]),
  };
  for (const [what, action] of Object.entries(wrong)) throws(action, TypeError, what);
  const transfer = new Transfer(core, good);
  throws(() => transfer.input("text"), TypeError, "a message");
  throws(() => transfer.stored(new Uint8Array(31)), TypeError, "a digest");
  throws(() => transfer.refuse("because"), TypeError, "a reason");
  throws(() => transfer.enter({}), TypeError, "an invite");
  transfer.free();
  transfer.free();
  equal([transfer.connectAt(), transfer.event(), transfer.output(), transfer.isFinished()], [Infinity, null, null, true], "after free");
};

const usedInviteTest = async (given) => {
  const core = await load(given);
  const { invite } = core.parseCode("4821 7730 1944");
  invite.free();
  invite.free();
  throws(() => new Transfer(core, { side: "typist", role: "sender", invite }), TypeError, "an invite that was freed");
};

// Takes all memory there is, in ever smaller pieces.
const takeAll = (core) => {
  const taken = [];
  for (let size = 1 << 22; size >= 16; size /= 2) {
    for (let at = core.exports.core_alloc(size); at; at = core.exports.core_alloc(size)) taken.push(at);
  }
  return taken;
};

const capTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core);
  pair.enter();
  const taken = takeAll(core);
  isTrue(core.exports.memory.buffer.byteLength <= MEMORY_MAX_BYTES, "the allocator stays below its cap");
  isTrue(new Set(taken).size === taken.length, "no piece is given twice");
  pair.devices[0].consent([sampleCert()]);
  const ended = pair.devices[0].event();
  equal([ended.type, ended.end], ["ended", "end-memory"], "no memory ends the transfer");
  equal(pair.devices[0].event(), null, "once");
  isTrue(pair.devices[0].isFinished(), "it is finished");
  const late = new Transfer(core, { side: "displayer", role: "sender" });
  equal(late.event().end, "end-memory", "so does a new one");
  late.free();
  taken.forEach((at) => core.exports.core_free(at));
  pair.free();
  const again = new Pair(core);
  deliver(again, [sampleCert()]);
  finish(again);
  equal(again.last(1, "ended").end, "done", "and everything works again");
  again.free();
};

const u32le = (value) => new Uint8Array(Uint32Array.of(value).buffer);

// 2^32 is no multiple of 10,000,000: the lowest 4,967,296 values are drawn again.
const rejectionTest = async ({ core: bytes }) => {
  const { core, script } = await loadScripted(bytes);
  script.add(bytesOf(16, 1), u32le(0), u32le(4967295), u32le(4967296));
  const displayer = new Transfer(core, { side: "displayer", role: "sender", secrets: "digits" });
  displayer.connecting();
  displayer.connected();
  equal(displayer.output()[0], 1, "ALLOCATE");
  displayer.sent();
  displayer.input(Uint8Array.of(0x81, 4, 0, 0, 0x12, 0xd5, 0, 180));
  equal(displayer.shown("").digits.slice(0, 13), "4821 4967 296", "the number");
  equal(script.bytes.length, 0, "randomness left");
  displayer.free();
};

const namesTest = async ({ told }) => {
  equal(ENDS, told.ends, "names of ends");
  const known = new Set(Object.keys(told.errors));
  for (const name of ENDS.slice(2)) isTrue(known.has(name), `${name} is in the catalogue`);
};

const randomTest = async (given) => {
  const core = await loadCore(given.core);
  equal(core.random(0).length, 0, "none");
  equal(core.random(70000).length, 70000, "more than one call gives");
  isTrue(new Set(core.random(4096)).size > 200, "all sorts of bytes");
  isTrue(hex(core.random(16)) !== hex(core.random(16)), "never the same");
  equal(hex(core.sha256(utf8("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256");
};

// What the relay asks for is done a little at a time, and is right.
const workTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core);
  pair.relay.price = 13;
  isTrue(!pair.devices[1].hasWork(), "nothing to do before");
  isTrue(pair.enter(), "the number is taken");
  isTrue(pair.devices[1].hasWork(), "there is work");
  equal(pair.types(1).includes("confirmed"), false, "not joined yet");
  while (pair.devices[1].hasWork()) pair.devices[1].tick();
  pair.pump();
  equal(pair.types(1).includes("confirmed"), true, "joined");
  const token = pair.relay.join.slice(1, 17);
  const hash = core.sha256(Uint8Array.from([...utf8("certrelay-join"), ...SALT, ...token, ...pair.relay.proof]));
  equal([hash[0], hash[1] >> 3], [0, 0], "13 zero bits");
  pair.free();
};

const permitTest = async (given) => {
  const core = await load(given);
  const pair = new Pair(core, { displayer: { permit: "spring-2026" } });
  pair.pump();
  equal(pair.relay.permit, utf8("spring-2026"), "the permit");
  equal(findInMemory(core, utf8("spring-2026")), -1, "it is wiped once there is a number");
  pair.free();
  throws(() => new Transfer(core, { side: "displayer", role: "sender", permit: "x".repeat(65) }), TypeError, "a long permit");
};

export const tests = [
  ["a relay's puzzle is solved in slices", workTest],
  ["a permit goes to the relay, and is wiped", permitTest],
  ["a certificate goes from one to the other", completeTest],
  ["its bytes arrive as they were, as copies", bytesTest],
  ["the number can be typed", digitsTest],
  ["a wrong number ends both and nothing arrives", wrongCodeTest],
  ["a reason to refuse reaches the sender by name", refusalTest],
  ["a broken connection does not break the transfer", brokenTest],
  ["no secret is left in memory after free", wipeTest],
  ["nothing is left on the stack after free", stackTest],
  ["memory does not grow from transfer to transfer", nothingLeftTest],
  ["the largest bundle fits into memory", largestTest],
  ["a bundle outside the limits is not taken", limitsTest],
  ["wrong arguments are type errors", typesTest],
  ["an invite that was freed is no invite", usedInviteTest],
  ["the allocator keeps its cap, and without memory a transfer ends", capTest],
  ["the digits are drawn again where some would be likelier", rejectionTest],
  ["ends have the catalogue's names", namesTest],
  ["randomness is random and hashes are hashes", randomTest],
];
