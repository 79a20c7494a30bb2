// The page's line to the relay is cut at every message of a transfer, before and after it: nothing is lost, nothing comes twice.
import assert from "node:assert/strict";
import { Cutter, TO_PAGE, TO_RELAY } from "./cut.mjs";
import { Stage, assertSame, certFolder, unzip } from "./stage.mjs";

const LANES = 3;
const MOST = 40;
const FEWEST = 6;

const stage = Stage.build();

// One transfer from the PC to a page whose line is cut as planned; whether it was.
async function transfer({ person, pc, cutter }, plan) {
  await person.page.goto(`${cutter.origin}/`);
  cutter.replan(plan);
  const sender = pc.export(certFolder(), { code: await person.receive() });
  const zip = await person.save();
  await person.at("receive-done");
  assert.equal(await sender.ended, 0, sender.story());
  assertSame(unzip(zip));
  await person.reads("The sender knows that it is saved.");
  return cutter.cuts === 1;
}

// A window of its own takes the next message, until a transfer ends before the message at which it would have been cut.
async function work(plans) {
  const cutter = stage.add(await Cutter.start(stage.relay.port));
  const lane = { cutter, pc: stage.pc(), person: await stage.sitAtDesk({}, `${cutter.origin}/`) };
  while (plans.index <= MOST && !plans.isThrough) {
    const { direction, isBefore } = plans;
    if (!(await transfer(lane, { direction, isBefore, index: plans.index++ }))) plans.isThrough = true;
    else plans.cuts++;
  }
}

for (const direction of [TO_RELAY, TO_PAGE]) {
  for (const isBefore of [true, false]) {
    stage.act(`cut ${isBefore ? "before" : "after"} every message ${direction}`, async () => {
      const plans = { direction, isBefore, index: 1, cuts: 0, isThrough: false };
      await Promise.all(Array.from({ length: LANES }, () => work(plans)));
      assert.ok(plans.cuts > FEWEST && plans.isThrough, JSON.stringify(plans));
    });
  }
}
