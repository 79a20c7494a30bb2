// The memory of the WebAssembly module. Views are taken anew each time, because growing makes old ones useless.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Memory {
  #exports;

  constructor(exports) {
    this.#exports = exports;
  }

  view(at, length) {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }

  copy(at, length) {
    return this.view(at, length).slice();
  }

  u32(at) {
    return new Uint32Array(this.#exports.memory.buffer, at, 1)[0];
  }

  u32s(at, count) {
    return new Uint32Array(this.#exports.memory.buffer, at, count).slice();
  }

  f64s(at, count) {
    return new Float64Array(this.#exports.memory.buffer, at, count).slice();
  }

  // A text that ends in a zero byte.
  readText(at) {
    const rest = new Uint8Array(this.#exports.memory.buffer, at);
    return decoder.decode(rest.subarray(0, rest.indexOf(0)));
  }

  alloc(length) {
    const at = this.#exports.core_alloc(length);
    if (!at) throw new RangeError("no memory");
    return at;
  }

  // Calls action with address and length of each value: a text or bytes to be copied in, or a number of bytes to have.
  // Afterwards everything is wiped.
  with(values, action) {
    const places = [];
    try {
      for (const value of values) places.push(...this.#put(value));
      return action(...places);
    } finally {
      for (let i = 0; i < places.length; i += 2) this.#exports.core_free(places[i]);
    }
  }

  #put(value) {
    if (typeof value === "number") return [this.alloc(value), value];
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    if (!(bytes instanceof Uint8Array)) throw new TypeError("bytes must be a Uint8Array");
    const at = this.alloc(bytes.length);
    this.view(at, bytes.length).set(bytes);
    return [at, bytes.length];
  }

  // A copy of the bytes that action writes.
  result(length, action) {
    return this.with([length], (at) => {
      action(at);
      return this.copy(at, length);
    });
  }
}
