// What the built page weighs and how fast it is in Chromium. page.mjs BUILD RUNS: prints one line of JSON.
// Run inside BUILD/js, where packages are found.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { serve } from "../phone/core/server.mjs";

const [build, runs] = [process.argv[2], Number(process.argv[3])];

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

// Both devices' part of the key exchange, until both have proved the code; and loading the core, from nothing.
const measureCore = async (times) => {
  const { loadCore } = await import("/client/phone/page/core.js");
  const loads = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await loadCore(`/core.wasm?${i}`);
    loads.push(performance.now() - began);
  }
  const { exports, memory } = await loadCore("/core-test.wasm");
  const send = (from, to, out) => {
    const length = exports.test_session_output(from, out);
    if (length === 0 || exports.test_session_input(to, out, length) !== 0) throw new Error("the exchange failed");
  };
  const exchange = () => memory.with(["7730194", 65536], (digits, count, out) => {
    const typist = exports.test_session_new(1, 1, 4, 4821, digits, count);
    const displayer = exports.test_session_new(2, 2, 4, 4821, digits, count);
    for (let i = 0; i < 2; i++) {
      send(typist, displayer, out);
      send(displayer, typist, out);
    }
    exports.test_session_free(typist);
    exports.test_session_free(displayer);
  });
  const exchanges = [];
  for (let i = 0; i < times * 20; i++) {
    const began = performance.now();
    for (let j = 0; j < 5; j++) exchange();
    exchanges.push((performance.now() - began) / 5);
  }
  return { loads, exchanges };
};

const measureStart = async (browser, origin) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const began = performance.now();
  await page.goto(origin);
  await page.waitForSelector("main h1");
  await page.waitForSelector("main[data-screen=loading]", { state: "detached" });
  const took = performance.now() - began;
  await context.close();
  return took;
};

const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
const tree = await serve(join(build, "js"), { "/empty": "<!doctype html><title>core</title>" });
const served = await serve(join(build, "page"));
try {
  const page = await browser.newPage();
  await page.goto(`${tree.origin}/empty`);
  const { loads, exchanges } = await page.evaluate(measureCore, runs);
  const starts = [];
  for (let i = 0; i < runs; i++) starts.push(await measureStart(browser, served.origin));
  const sizes = JSON.parse(readFileSync(join(build, "js/sizes.json"), "utf8"));
  console.log(JSON.stringify({
    core_raw_kb: sizes.core_raw / 1024, core_br_kb: sizes.core_br / 1024, first_load_kb: sizes.first_load_br / 1024, whole_kb: sizes.whole_br / 1024,
    core_load_ms: median(loads), start_ms: median(starts), exchange_ms: median(exchanges),
  }));
} finally {
  await browser.close();
  tree.server.close();
  served.server.close();
}
