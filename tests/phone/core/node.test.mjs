// The core's tests in node.

import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";

import { tests } from "./all.mjs";

globalThis.crypto ??= webcrypto; // not global in node 18

const json = (file) => JSON.parse(readFileSync(file, "utf8"));
const given = {
  core: readFileSync("core.wasm"),
  coreTest: readFileSync("core-test.wasm"),
  cpace: json("tests/vectors/cpace.json"),
  transcript: json("tests/vectors/transcript.json"),
  told: json("told.json"),
};

for (const [name, run] of tests) test(name, () => run(given));
