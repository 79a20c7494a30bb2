// A transfer of the WebAssembly module as an object of JavaScript.

import { Bundle, certsOf } from "./core-certs.js";
import { Invite } from "./core-invite.js";

const FRAGMENT_MAX_BYTES = 1024;
const INVITE_RELAY_MAX_BYTES = 511;
const SIDES = { typist: 1, displayer: 2 };
const ROLES = { sender: 1, receiver: 2 };
const SECRETS = { digits: 1, both: 2, long: 3 };
const REASONS = { declined: 1, "no-space": 2, "not-writable": 3, damaged: 4, exists: 5, other: 6 };
const PEERS = ["nobody", "here", "away"];
const EVENTS = [
  null, "code", "time", "online", "offline", "peer", "confirmed", "hello", "offer", "sending", "arrived", "saved", "going-away",
  "stale", "ended",
];
// enum cr_end, as client/text/errors.def names each.
export const ENDS = [
  "none", "done", "unheard", "wrong-code", "stranger", "unavailable", "expired", "cancelled", "peer-cancelled", "peer-error",
  "peer-lost", "declined", "peer-declined", "peer-refused", "refused", "same-role", "version", "tampered", "protocol",
  "unreachable", "relay-lost", "relay-full", "relay-too-many", "relay-draining", "relay-forbidden",
  "relay-protocol", "mismatch", "end-memory",
];

const nameOf = (names, value) => Object.keys(names).find((name) => names[name] === value) || null;

const valueOf = (names, name, what) => {
  const known = Object.keys(names);
  if (!known.includes(name)) throw new TypeError(`${what} must be one of ${known.join(", ")}`);
  return names[name];
};

const NAME_MAX_BYTES = 128;
const PERMIT_MAX_BYTES = 64;

const isName = (text) => typeof text === "string" && !text.includes("\0") && new TextEncoder().encode(text).length <= NAME_MAX_BYTES;

// One device's part in one exchange; the calls are those of protocol/session/certrelay/transfer.h.
export class Transfer {
  #core;
  #at = 0;
  #hasNoMemory = false; // ended before, or outside, what C knows
  #isEndTold = false;

  constructor(core, { side, role, secrets = "both", invite = null, name = "", platform = "", program = "", permit = "", patienceMs = 0 }) {
    const names = [name, platform, program, permit];
    if (!names.every(isName)) throw new TypeError("names are texts of at most 128 bytes");
    if (permit.length > PERMIT_MAX_BYTES) throw new TypeError("a permit has at most 64 bytes");
    if (!Number.isFinite(patienceMs) || patienceMs < 0) throw new TypeError("patienceMs must be a time");
    const numbers = [valueOf(SIDES, side, "side"), valueOf(ROLES, role, "role"), valueOf(SECRETS, secrets, "secrets")];
    this.#core = core;
    const invited = invite === null ? 0 : this.#inviteAt(invite);
    this.#try(() => {
      this.#at = core.memory.with([names.map((text) => `${text}\0`).join("")], (at) =>
        core.exports.core_transfer_new(...numbers, invited, at, patienceMs, core.now()));
      if (!this.#at) throw new RangeError("no memory");
    });
  }

  #inviteAt(invite) {
    if (!(invite instanceof Invite) || invite.core !== this.#core || !invite.at) throw new TypeError("this is no invite");
    return invite.at;
  }

  // Where memory ends, so does the transfer.
  #try(action, otherwise) {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#hasNoMemory = true;
      return otherwise;
    }
  }

  #call(name, otherwise, ...numbers) {
    return this.#at && !this.#hasNoMemory ? this.#core.exports[name](this.#at, ...numbers) : otherwise;
  }

  connectAt() {
    return this.#call("core_connect_at", Infinity);
  }

  deadline() {
    return this.#call("core_deadline", Infinity);
  }

  connecting() {
    this.#call("core_connecting", undefined, this.#core.now());
  }

  connected() {
    this.#call("core_connected", undefined, this.#core.now());
  }

  lost(isRefused = false) {
    this.#call("core_lost", undefined, isRefused ? 1 : 0, this.#core.now());
  }

  input(message) {
    if (!(message instanceof Uint8Array)) throw new TypeError("a message is a Uint8Array");
    this.#try(() => this.#core.memory.with([message], (at, length) =>
      this.#call("core_input", undefined, at, length, this.#core.now())));
  }

  tick() {
    this.#call("core_tick", undefined, this.#core.now());
  }

  // The relay asked for work before this device may join: tick() does a little of it each time.
  hasWork() {
    return this.#call("core_has_work", 0) !== 0;
  }

  probe() {
    this.#call("core_probe", undefined, this.#core.now());
  }

  output() {
    const { memory } = this.#core;
    return this.#try(() => memory.with([4], (length) => {
      const at = this.#call("core_output", 0, length);
      return at ? memory.copy(at, memory.u32(length)) : null;
    }), null);
  }

  sent() {
    this.#call("core_sent", undefined);
  }

  event() {
    if (this.#hasNoMemory) return this.#endOfMemory();
    const at = this.#call("core_event", 0);
    return at ? this.#readEvent(at) : null;
  }

  #endOfMemory() {
    if (this.#isEndTold) return null;
    this.#isEndTold = true;
    return { type: "ended", seconds: 0, peer: "nobody", end: "end-memory", reason: null, hello: null, hasDataLeft: false };
  }

  #readEvent(at) {
    const { memory } = this.#core;
    const [type, seconds, peer, end, reason, hasDataLeft, role, ...texts] = memory.u32s(at, 10);
    const [name, platform, program] = texts.map((text) => (text ? memory.readText(text) : ""));
    const hello = role ? { role: nameOf(ROLES, role), name, platform, program } : null;
    if (EVENTS[type] === "ended") this.#isEndTold = true;
    return {
      type: EVENTS[type], seconds, peer: PEERS[peer], end: end ? ENDS[end] : null, reason: nameOf(REASONS, reason), hello,
      hasDataLeft: hasDataLeft !== 0,
    };
  }

  // Displayer, after the event "code". relay: "" when it is the page's own.
  shown(relay) {
    if (typeof relay !== "string" || relay.length > INVITE_RELAY_MAX_BYTES) throw new TypeError("relay must be a short text");
    const { memory } = this.#core;
    return this.#try(() => memory.with([`${relay}\0`, 32, FRAGMENT_MAX_BYTES], (text, _, digits, _32, fragment, capacity) => {
      const error = this.#call("core_shown", -1, text, digits, fragment, capacity);
      if (error !== 0) throw new TypeError("relay cannot be shown");
      return { digits: memory.readText(digits), fragment: memory.readText(fragment) };
    }), { digits: "", fragment: "" });
  }

  enter(invite) {
    return this.#call("core_enter", -1, this.#inviteAt(invite), this.#core.now()) === 0;
  }

  // Sender, after "hello": these certificates, or null: no. False when it is not the time, or they are not allowed.
  consent(certs) {
    if (certs === null) return this.#call("core_consent", -1, 0, this.#core.now()) === 0;
    return this.#try(() => {
      const bundle = new Bundle(this.#core, certs);
      try {
        return bundle.isWithinLimits && this.#call("core_consent", -1, bundle.at, this.#core.now()) === 0;
      } finally {
        bundle.free();
      }
    }, false);
  }

  // Receiver: after "offer" without bytes, after "arrived" with bytes, which are copies.
  certs() {
    const bundle = this.#call("core_bundle", 0);
    return bundle ? certsOf(this.#core, bundle) : [];
  }

  stored(digest) {
    if (!(digest instanceof Uint8Array) || digest.length !== 32) throw new TypeError("a digest has 32 bytes");
    return this.#try(() => this.#core.memory.with([digest], (at) =>
      this.#call("core_stored", -1, at, this.#core.now())) === 0, false);
  }

  refuse(reason) {
    return this.#call("core_refuse", -1, valueOf(REASONS, reason, "reason"), this.#core.now()) === 0;
  }

  extend() {
    this.#call("core_extend", undefined, this.#core.now());
  }

  cancel() {
    this.#call("core_cancel", undefined, this.#core.now());
  }

  isFinished() {
    return this.#call("core_is_finished", 1) !== 0;
  }

  // Wipes everything that this transfer held in the module's memory.
  free() {
    if (this.#at) this.#core.exports.core_transfer_free(this.#at);
    this.#at = 0;
    this.#core.exports.core_wipe_stack();
  }
}
