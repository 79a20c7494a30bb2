// Too many joins of this address have failed: a page that types a number works for it first, and its person notices nothing.
import assert from "node:assert/strict";
import { Peer } from "./peer.mjs";
import { filesOf } from "./person.mjs";
import { Stage, assertSame, assertStore, certFolder } from "./stage.mjs";

const LIMIT = 1; // a minute, so that a slow machine does not outlive it
const stage = Stage.build({ address_failed_joins: LIMIT, watch: "127.0.0.1:0" });
const REFUSED = 0x89;
const PUZZLE = 0x8b;

// Runs in a browser: joins of a number that nobody has, none of them paid for; gives what was answered to each.
function flood({ relay, times }) {
  const join = new Uint8Array([2, ...crypto.getRandomValues(new Uint8Array(16)), 5, 0, 0, 0, 0, 1]);
  const socket = new WebSocket(relay, "certrelay.v1");
  const answers = [];
  socket.binaryType = "arraybuffer";
  return new Promise((resolve) => {
    socket.onopen = () => socket.send(join);
    socket.onmessage = ({ data }) => {
      answers.push(new Uint8Array(data)[0]);
      if (answers.length < times) return socket.send(join);
      socket.close();
      return resolve(answers);
    };
  });
}

async function flooded() {
  const peer = stage.add(await Peer.sit(stage.chrome));
  const answers = await peer.page.evaluate(flood, { relay: stage.relay.url, times: LIMIT + 2 });
  assert.equal(answers.at(-1), PUZZLE);
  assert.ok(answers.every((answer) => [REFUSED, PUZZLE].includes(answer)));
}

async function proofs() {
  const { port } = stage.relay.program.events().find((line) => line.event === "watched");
  const figures = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return ["right", "wrong"].map((result) => Number(figures.match(new RegExp(`proofs_total\\{result="${result}"\\} (\\d+)`))[1]));
}

stage.act("a page that sends pays for its join", async () => {
  await flooded();
  const [before] = await proofs();
  const pc = stage.pc();
  const receiver = pc.import();
  const person = await stage.sitAtDesk();
  await person.send(filesOf(certFolder()));
  await person.enter((await receiver.event((event) => event.code)).code);
  await person.agree();
  await person.at("send-done");
  assert.equal(await receiver.ended, 0);
  assertSame(pc.store);
  assert.deepEqual(await proofs(), [before + 1, 0]);
});

stage.act("a page that receives by typing pays, and a wrong number is told as ever", async () => {
  await flooded();
  const [before] = await proofs();
  const person = await stage.sitAtDesk();
  await person.enterNumber("482177301944");
  assert.equal(await person.failure(), "unavailable");
  await person.tap("home");
  const sender = stage.pc().export(certFolder());
  await person.enterNumber((await sender.event((event) => event.code)).code.replaceAll(" ", ""));
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0);
  assertStore(stage.pc(), zip);
  assert.deepEqual(await proofs(), [before + 2, 0]);
});
