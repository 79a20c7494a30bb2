// What several tests share: the tables, samples, and random numbers that can be repeated.
import { File as NodeFile } from "node:buffer";
import { execFileSync } from "node:child_process";
import { webcrypto } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const NOW = Date.UTC(2026, 10, 20, 3) / 1000;

// What node 18 has, but not as globals.
globalThis.crypto ??= webcrypto;
globalThis.File ??= NodeFile;

/** CR_SAMPLES: a folder of samples, or the program that makes one. */
function samplesDir(given) {
  if (given === "" || statSync(given).isDirectory()) {
    return given;
  }
  const dir = mkdtempSync(join(tmpdir(), "certrelay-samples-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  execFileSync(given, ["--now", "2026-11-20", dir]);
  return dir;
}

const SAMPLES = samplesDir(process.env.CR_SAMPLES ?? "");
const SHARED = process.env.CR_SHARED_FIXTURES ?? join(realpathSync(join(ROOT, "client")), "../../shared/fixtures");
const COMMAND = process.env.CR_CERTRELAY ?? "";

/** Rows of tables.c by its macros: a second reading beside that of tell/. */
export function tablesOfSource() {
  const source = readFileSync(join(ROOT, "client/store/tables.c"), "utf8");
  const macros = Object.fromEntries(Array.from(source.matchAll(/^#define (\w+) (.*)$/gm), ([, name, value]) => [name, value]));
  const rows = (name) => source.split(name + "[] = {")[1].split("};")[0].split("\n").map((line) => expand(line, macros)).filter((row) => row.length > 0);
  return {
    policies: rows("POLICIES").map(([oid, ko, en]) => ({ oid, ko, en })),
    issuers: rows("ISSUERS").map(([organisation, folder, ko, en]) => ({ organisation, folder, ko, en })),
  };
}

function expand(line, macros) {
  const text = line.replace(/"[^"]*"|\b[A-Z_]+\b/g, (word) => macros[word] ?? word).trim();
  if (!text.startsWith("{")) {
    return [];
  }
  return text.replace(/" "/g, "").match(/"[^"]*"/g).map((word) => word.slice(1, -1));
}

function tablesOfBuild(path) {
  const told = JSON.parse(readFileSync(path, "utf8"));
  return told.tables ?? told;
}

export const TABLES = process.env.CR_TABLES ? tablesOfBuild(process.env.CR_TABLES) : tablesOfSource();

// Our own samples have this group, but their manifest does not name it.
const GPKI_USER = {
  id: "gpki", dir: "GPKI/Certificate/class2", base: "123공무원001",
  subject: "cn=123공무원001,ou=people,ou=행정안전부,o=Government of Korea,c=KR", policy: "1.2.410.100001.2.2.1",
};

function manifestOf(dir) {
  const manifest = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8"));
  const isNamed = manifest.users.some(({ base }) => base !== undefined);
  return { ...manifest, users: isNamed ? manifest.users : [...manifest.users, GPKI_USER] };
}

const missed = new Set();

/** [{name, dir, manifest}]: our own samples and, where they are, those of other makers. */
export function collections(test) {
  const all = [["samples", SAMPLES], ["shared fixtures", SHARED]];
  const there = all.filter(([, dir]) => dir !== "" && existsSync(join(dir, "manifest.json")));
  for (const [name] of all.filter(([name]) => !there.some(([found]) => found === name) && !missed.has(name))) {
    missed.add(name);
    test.diagnostic(`SKIP ${name}: not here`);
  }
  return there.map(([name, dir]) => ({ name, dir, manifest: manifestOf(dir) }));
}

export function filesBelow(dir, prefix = "") {
  return readdirSync(dir).sort().flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesBelow(path, prefix + name + "/") : [{ path: prefix + name, bytes: new Uint8Array(readFileSync(path)) }];
  });
}

/** A folder as a person drops it: paths begin with its name. */
export function droppedFolder(dir, name) {
  return filesBelow(dir, name + "/").map(({ path, bytes }) => ({ path, file: new Blob([bytes]) }));
}

export const chosen = (name, bytes) => ({ path: name, file: new Blob([bytes]) });

/** What the command says of a folder; null where there is no command. */
export function listOf(dir) {
  if (COMMAND === "") {
    return null;
  }
  const out = execFileSync(COMMAND, ["list", "--json", "--store", dir], { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8", LANGUAGE: "" } });
  return out.trim().split("\n").map((line) => JSON.parse(line)).filter(({ event }) => event === "certificate").map(({ certificate }) => certificate);
}

/** The id of what action throws; null when it throws nothing. */
export function idOf(action) {
  try {
    action();
    return null;
  } catch (error) {
    return error.id ?? error;
  }
}

/** Files of the user's certificate: {"sign-cert": bytes...} */
export function filesOfUser(dir, user) {
  const kinds = { signcert: "sign-cert", signpri: "sign-key", kmcert: "km-cert", kmpri: "km-key", sig_cer: "sign-cert", sig_key: "sign-key", env_cer: "km-cert", env_key: "km-key" };
  const keyOf = (name) => (user.base === undefined ? name.toLowerCase().split(".")[0] : name.slice(user.base.length + 1).replace(".", "_"));
  const names = readdirSync(join(dir, user.dir)).filter((name) => kinds[keyOf(name)] !== undefined);
  return Object.fromEntries(names.map((name) => [kinds[keyOf(name)], new Uint8Array(readFileSync(join(dir, user.dir, name)))]));
}

/** The user's certificate as the page carries it. */
export function certOfUser(dir, user) {
  const files = Object.entries(filesOfUser(dir, user)).map(([kind, bytes]) => ({ kind, size: bytes.length, bytes }));
  const order = ["sign-cert", "sign-key", "km-cert", "km-key"];
  files.sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  return { format: user.base === undefined ? "npki" : "gpki", owner: "peer's text", issuer: "", use: "", notBefore: 0, notAfter: 0, files };
}

/** Numbers from 0 to below 2^32, the same for the same seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** A folder that is gone after the test. */
export function folderFor(test) {
  const dir = mkdtempSync(join(tmpdir(), "certrelay-page-"));
  test.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const sameBytes = (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)) === 0;
