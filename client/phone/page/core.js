// The session in WebAssembly, as objects of JavaScript. Secrets stay in the module's memory and are wiped there.

import { Bundle } from "./core-certs.js";
import { Invite } from "./core-invite.js";
import { Memory } from "./core-memory.js";

export { ENDS, Transfer } from "./core-transfer.js";

const FAULTS = ["good", "code-empty", "code-not-digits", "code-too-short", "code-too-long", "code-check-digit"];

const instantiate = async (source, imports) => {
  if (typeof source !== "string" && !(source instanceof Response)) {
    return WebAssembly.instantiate(source, imports);
  }
  const response = typeof source === "string" ? await fetch(source) : source;
  if (!response.ok) throw new Error(`core: HTTP ${response.status}`);
  return WebAssembly.instantiate(await response.arrayBuffer(), imports);
};

// source: a URL, a Response, or the bytes. For tests: random(view) fills a view, now() gives milliseconds.
export async function loadCore(source, { random, now } = {}) {
  let memory;
  const fill = random || ((view) => crypto.getRandomValues(view));
  const page = {
    random: (at, length) => {
      for (let done = 0; done < length; done += 65536) {
        fill(new Uint8Array(memory.buffer, at + done, Math.min(65536, length - done)));
      }
    },
  };
  const { instance } = await instantiate(source, { page });
  memory = instance.exports.memory;
  return new Core(instance.exports, now || (() => performance.now()));
}

class Core {
  constructor(exports, now) {
    this.exports = exports;
    this.memory = new Memory(exports);
    this.now = now;
    this.forgotten = new FinalizationRegistry((at) => exports.core_free(at));
  }

  parseCode(text) {
    const { result, invite } = this.#parse(text, this.exports.core_invite_code);
    if (!invite && result === 0) throw new RangeError("no memory");
    return { fault: FAULTS[result], invite };
  }

  // The part after '#'; null when it is malformed.
  parseInvite(fragment) {
    const { invite } = this.#parse(fragment, this.exports.core_invite_fragment);
    if (!invite) return null;
    const { core_invite_wants_send: wantsSend, core_invite_has_digits: hasDigits, core_invite_has_long: hasLong } = this.exports;
    return {
      wantsSend: wantsSend(invite.at) !== 0,
      hasDigits: hasDigits(invite.at) !== 0,
      hasLong: hasLong(invite.at) !== 0,
      relay: this.memory.readText(this.exports.core_invite_relay(invite.at)),
      invite,
    };
  }

  #parse(text, read) {
    if (typeof text !== "string") throw new TypeError("text must be a string");
    const at = this.exports.core_invite_new();
    if (!at) return { result: 0, invite: null };
    const result = this.memory.with([text], (bytes, length) => read(at, bytes, length));
    if (result !== 0) {
      this.exports.core_free(at);
      return { result, invite: null };
    }
    const invite = new Invite(this, at);
    this.forgotten.register(invite, at, invite);
    return { result, invite };
  }

  random(count) {
    if (!Number.isInteger(count) || count < 0) throw new TypeError("count must be a whole number");
    return this.memory.result(count, (at) => this.exports.core_random(at, count));
  }

  sha256(bytes) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("bytes must be a Uint8Array");
    return this.memory.with([bytes], (at, length) => this.memory.result(32, (hash) => this.exports.core_sha256(at, length, hash)));
  }

  // SHA-256 over the files of certificates, as the session compares it. RangeError for more than a bundle may hold.
  digest(certs) {
    const bundle = new Bundle(this, certs);
    try {
      if (!bundle.isWithinLimits) throw new RangeError("these certificates are too much");
      return this.memory.result(32, (at) => this.exports.core_bundle_digest(bundle.at, at));
    } finally {
      bundle.free();
    }
  }
}
