// The same tests of the core in Chromium, under the page's content security policy.

import assert from "node:assert/strict";
import test from "node:test";

import { chromium } from "playwright-core";

import { plainPolicy } from "../../../client/phone/build/policy.mjs";
import { tests } from "./all.mjs";
import { serve } from "./server.mjs";

const EMPTY = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${plainPolicy("")}"><title>core</title>`;

const runAll = async () => {
  const bytes = async (path) => (await fetch(path)).arrayBuffer();
  const json = async (path) => (await fetch(path)).json();
  const given = {
    core: await bytes("/core.wasm"),
    coreTest: await bytes("/core-test.wasm"),
    cpace: await json("/tests/vectors/cpace.json"),
    transcript: await json("/tests/vectors/transcript.json"),
    told: await json("/told.json"),
  };
  const { tests } = await import("/tests/phone/core/all.mjs");
  const results = [];
  for (const [name, run] of tests) {
    try {
      await run(given);
      results.push([name, null]);
    } catch (error) {
      results.push([name, String(error.stack || error)]);
    }
  }
  return results;
};

test("in Chromium", async (t) => {
  const { server, origin } = await serve(".", { "/empty": EMPTY });
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/empty`);
    const results = await page.evaluate(runAll);
    assert.equal(results.length, tests.length);
    for (const [name, error] of results) await t.test(name, () => assert.equal(error, null));
  } finally {
    await browser.close();
    server.close();
  }
});
