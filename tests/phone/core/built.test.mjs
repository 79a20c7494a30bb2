// The built page: packed files are what they pack, the policy is there and fits, and the single file needs nothing else.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { plainPolicy, singlePolicy } from "../../../client/phone/build/policy.mjs";

const folder = process.env.CR_PAGE;
const single = readFileSync(process.env.CR_PAGE_SINGLE, "utf8");
const names = readdirSync(folder).filter((name) => !/\.(br|gz)$/.test(name));
const read = (name) => readFileSync(join(folder, name));
const policyOf = (html) => html.match(/<meta http-equiv="Content-Security-Policy" content="([^"]+)">/)[1];
const sha256 = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

test("each file lies there packed twice", () => {
  for (const name of names) {
    assert.deepEqual(brotliDecompressSync(read(`${name}.br`)), read(name), name);
    assert.deepEqual(gunzipSync(read(`${name}.gz`)), read(name), name);
  }
});

test("every name but those of the documents changes with its content", () => {
  const lasting = names.filter((name) => !["index.html", "licences.txt"].includes(name));
  assert.ok(lasting.length >= 3);
  for (const name of lasting) assert.match(name, /^[a-z]+-[0-9A-Za-z]{8,10}\.(js|css|wasm)$/);
  const core = lasting.find((name) => name.endsWith(".wasm"));
  assert.equal(core, `core-${createHash("sha256").update(read(core)).digest("hex").slice(0, 10)}.wasm`);
});

test("the document names only files that are there", () => {
  const html = read("index.html").toString();
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name).filter((name) => name !== "data:,");
  assert.ok(named.length >= 3);
  for (const name of named) assert.ok(names.includes(name), name);
});

test("the core imports randomness and nothing else", () => {
  const core = new WebAssembly.Module(read(names.find((name) => name.endsWith(".wasm"))));
  assert.deepEqual(WebAssembly.Module.imports(core), [{ module: "page", name: "random", kind: "function" }]);
  const exported = WebAssembly.Module.exports(core).map(({ name }) => name);
  assert.deepEqual(exported.filter((name) => !/^(core_[a-z0-9_]+|memory)$/.test(name)), []);
});

test("the policy lets in only the page's own, and one relay", () => {
  const policy = policyOf(read("index.html").toString());
  assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval[^']|'unsafe-eval'|\*/);
  assert.match(plainPolicy("wss://relay.example:8443/ws"), /connect-src 'self' wss:\/\/relay\.example:8443;/);
  assert.match(plainPolicy("ws://localhost:9/ws"), /connect-src 'self' ws:\/\/localhost:9;/);
  for (const relay of ["ws://relay.example/ws", "https://relay.example/ws", "relay.example"]) assert.throws(() => plainPolicy(relay), relay);
});

test("the single file's policy is the hash of what stands in it, and nothing is loaded", () => {
  const scripts = [...single.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)].map(([, text]) => text);
  const styles = [...single.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text]) => text);
  assert.deepEqual([scripts.length, styles.length], [1, 1]);
  const policy = policyOf(single);
  assert.ok(policy.includes(`script-src ${sha256(scripts[0])} 'wasm-unsafe-eval'; style-src ${sha256(styles[0])};`));
  assert.equal(singlePolicy("", scripts[0], styles[0]).split("; ").length, policy.split("; ").length);
  assert.doesNotMatch(single.slice(0, single.indexOf('<script type="module">')), /(src|href)="(?!data:,)/);
});
