// What the core's tests need in node and in a browser alike: comparing, hexadecimal, and a module with given randomness.

import { loadCore } from "../../../client/phone/page/core.js";

export const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const utf8 = (text) => new TextEncoder().encode(text);

const whole = (value) =>
  value instanceof Uint8Array ? hex(value) : String(JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? hex(inner) : inner)));

export const equal = (got, want, what = "value") => {
  if (whole(got) !== whole(want)) throw new Error(`${what}: ${whole(got).slice(0, 300)} instead of ${whole(want).slice(0, 300)}`);
};

export const isTrue = (got, what) => {
  if (got !== true) throw new Error(`not so: ${what}`);
};

export const throws = (action, type, what) => {
  try {
    action();
  } catch (error) {
    if (error instanceof type) return;
    throw new Error(`${what}: threw ${error.name} (${error.message}) instead of ${type.name}`);
  }
  throw new Error(`${what}: threw nothing`);
};

// Randomness from a row of bytes, in the order in which it is drawn; a draw past its end is an error.
export class Script {
  constructor() {
    this.bytes = new Uint8Array(0);
  }

  add(...parts) {
    this.bytes = Uint8Array.from([...this.bytes, ...parts.flatMap((part) => [...part])]);
  }

  fill(view) {
    if (view.length > this.bytes.length) throw new Error("more randomness was drawn than was given");
    view.set(this.bytes.subarray(0, view.length));
    this.bytes = this.bytes.slice(view.length);
  }
}

// The module with the tests' exports, and the randomness it will draw.
export const loadScripted = async (bytes) => {
  const script = new Script();
  const core = await loadCore(bytes, { random: (view) => script.fill(view) });
  return { core, script };
};

// Where a row of bytes stands in the whole memory of the module; -1: nowhere.
export const findInMemory = (core, bytes) => {
  const all = new Uint8Array(core.exports.memory.buffer);
  for (let at = all.indexOf(bytes[0]); at >= 0; at = all.indexOf(bytes[0], at + 1)) {
    if (bytes.every((byte, i) => all[at + i] === byte)) return at;
  }
  return -1;
};
