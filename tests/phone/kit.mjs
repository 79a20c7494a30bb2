// Starts the real relay, the real PC command and a real browser, and waits for what they say; nothing here sleeps.
import { spawn, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";

export const LIMIT_MS = Number(process.env.CR_TEST_LIMIT_MS ?? 60000);
const CLIENT = process.env.CR_CERTRELAY;
const RELAY = process.env.CR_CERTRELAYD;
const SAMPLES = process.env.CR_SAMPLES;
const PAGE = process.env.CR_PAGE;
const require = createRequire(path.join(process.env.CR_NODE_MODULES ?? "", "any.js"));

for (const [name, value] of Object.entries({ CR_CERTRELAY: CLIENT, CR_CERTRELAYD: RELAY, CR_SAMPLES: SAMPLES, CR_PAGE: PAGE })) {
  if (!value) throw new Error(`${name} names nothing: run these tests by ctest`);
}

export const { chromium } = require("playwright-core");
export const axePath = require.resolve("axe-core/axe.min.js");
export const pageFolder = PAGE;
export const PASSWORD = "npki!Test2026";

// A folder of its own for each test file; removed when the process ends.
const folders = [];
export function temporary() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certrelay-"));
  folders.push(folder);
  return folder;
}
process.on("exit", () => folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

// No program outlives its test.
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

// A program whose lines are waited for, with a deadline.
export class Program {
  constructor(argv, options = {}) {
    this.argv = argv;
    this.lines = { out: [], err: [] };
    this.waiting = new Set();
    this.child = spawn(argv[0], argv.slice(1), { stdio: ["pipe", "pipe", "pipe"], ...options });
    this.child.stdin.on("error", () => {});
    running.add(this.child);
    for (const [stream, name] of [[this.child.stdout, "out"], [this.child.stderr, "err"]]) this.read(stream, this.lines[name]);
    this.ended = new Promise((resolve) => {
      const end = (how) => {
        this.exit = how;
        running.delete(this.child);
        this.tell();
        resolve(how);
      };
      this.child.on("error", (error) => end(error.code));
      this.child.on("close", (code, signal) => end(signal ?? code));
    });
  }

  read(stream, lines) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop();
      lines.push(...parts);
      this.tell();
    });
  }

  tell() {
    for (const look of [...this.waiting]) look();
  }

  // The first truthy value of find(); fails with the program's whole story at the deadline, or when it ends without.
  waitFor(find, what = "something", limit = LIMIT_MS) {
    return new Promise((resolve, reject) => {
      const fail = () => done(() => reject(new Error(`waited in vain for ${what}\n${this.story()}`)));
      const timer = setTimeout(fail, limit);
      const done = (end) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        end();
      };
      const look = () => {
        const found = find();
        if (found) done(() => resolve(found));
        else if (this.exit !== undefined) fail();
      };
      this.waiting.add(look);
      look();
    });
  }

  events() {
    return this.lines.out.concat(this.lines.err).filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  event(test, limit) {
    const fits = typeof test === "function" ? test : (event) => event.event === test;
    return this.waitFor(() => this.events().find(fits), String(test), limit);
  }

  type(text) {
    this.child.stdin.write(`${text}\n`);
  }

  kill(signal = "SIGKILL") {
    if (this.exit === undefined) this.child.kill(signal);
    return this.ended;
  }

  story() {
    return [this.argv.join(" "), `exit ${this.exit}`, ...this.lines.out, "--", ...this.lines.err].join("\n");
  }
}

const GENEROUS = { address_connections: 0, address_allocations: 0, address_failed_joins: 0, address_queued_bytes: 0, rest_seconds: 0 };

// The shipped relay on a free port, serving the built page. localhost counts as a secure context without TLS.
export class Relay {
  static async start(settings = {}) {
    const relay = new Relay();
    relay.folder = temporary();
    relay.settings = { listen: "127.0.0.1:0", tls: "off", page: PAGE, ...GENEROUS, ...settings };
    await relay.run();
    return relay;
  }

  async run() {
    const file = path.join(this.folder, "relay.ini");
    fs.writeFileSync(file, Object.entries(this.settings).map(([key, value]) => `${key} = ${value}\n`).join(""));
    this.program = new Program([RELAY, "--config", file]);
    this.port = (await this.program.waitFor(() => this.program.events().find((line) => line.port), "the port")).port;
    this.origin = `http://localhost:${this.port}`;
    this.url = `ws://127.0.0.1:${this.port}/ws`;
  }

  // Killed and started anew on the same port, as after a power failure: it has forgotten everything.
  async restart() {
    await this.program.kill();
    this.settings.listen = `127.0.0.1:${this.port}`;
    await this.run();
  }

  outcome(limit) {
    return this.program.waitFor(() => this.program.events().find((line) => line.mood), "a mailbox's end", limit);
  }

  log() {
    return this.program.lines.out.concat(this.program.lines.err).join("\n");
  }

  story() {
    return this.program.story();
  }

  stop() {
    return this.program.kill();
  }
}

// The PC: certrelay --json with a home of its own.
export class Pc {
  constructor(url, home = temporary()) {
    this.url = url;
    this.home = home;
    this.store = path.join(home, "NPKI");
    this.programs = [];
    fs.mkdirSync(this.store, { recursive: true });
  }

  start(...words) {
    const argv = [CLIENT, ...words, "--json", "--no-input", "--relay", this.url];
    const env = { HOME: this.home, PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", NO_COLOR: "1" };
    const program = new Program(argv, { env });
    this.programs.push(program);
    return program;
  }

  file(name, text) {
    const made = path.join(this.home, name);
    fs.writeFileSync(made, `${text}\n`, { mode: 0o600 });
    return made;
  }

  // Receives; shows a number unless one is given.
  import({ code, options = [] } = {}) {
    const typed = code ? ["--enter-code", "--code-file", this.file("code", code)] : [];
    return this.start("import", "--store", this.store, "--attempts", "1", "--yes", ...typed, ...options);
  }

  // Sends; shows a number unless one is given.
  export(store, { code, certs = ["1"], password = PASSWORD, options = [] } = {}) {
    const shown = code ? ["--code-file", this.file("code", code)] : ["--show-code"];
    const chosen = certs.flatMap((cert) => ["--cert", cert]);
    return this.start("export", "--store", store, "--attempts", "1", "--yes", ...chosen, "--password-file",
      this.file("password", password), ...shown, ...options);
  }

  list(store = this.store) {
    const said = execFileSync(CLIENT, ["list", "--store", store, "--json"], { env: { HOME: this.home, LC_ALL: "C.UTF-8" } });
    return said.toString();
  }

  stop() {
    return Promise.all(this.programs.map((program) => program.kill()));
  }
}

// Made-up certificates; the same ones for every test of a file.
let made;
export function samples() {
  if (!made) {
    made = temporary();
    execFileSync(SAMPLES, [made]);
  }
  return made;
}

// Every file below folder: name -> SHA-256. Names alone when the folders around them may differ.
export function filesBelow(folder) {
  const found = [];
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: false })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(full));
    else found.push({ path: full, name: entry.name, digest: createHash("sha256").update(fs.readFileSync(full)).digest("hex") });
  }
  return found;
}

export function digestsBelow(folder) {
  return filesBelow(folder).map((file) => file.digest).sort();
}

// One browser for a test file. As root Chromium has no sandbox of its own; in a locale without Korean letters it takes no file with such a name.
export async function browser(options = {}) {
  const args = ["--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : []), ...(options.args ?? [])];
  return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, env: { ...process.env, LC_ALL: "C.UTF-8" }, ...options, args });
}

const AGENT = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";
export const PHONE = { userAgent: AGENT, viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, locale: "ko-KR", acceptDownloads: true };
