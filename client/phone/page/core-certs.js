// Certificates between JavaScript's objects and the bundles of the WebAssembly module.

const FORMATS = { npki: 1, pkcs12: 2, gpki: 3, pem: 4 };
const KINDS = { "sign-cert": 1, "sign-key": 2, "km-cert": 3, "km-key": 4, pkcs12: 5, pem: 6 };
const TEXTS = ["owner", "issuer", "use"];

const ERROR_MEMORY = -8; // enum cr_error

const nameOf = (names, value) => Object.keys(names).find((name) => names[name] === value);
const isOne = (names, name) => Object.keys(names).includes(name);

const checkCert = (cert) => {
  if (!cert || !isOne(FORMATS, cert.format)) throw new TypeError("a certificate needs a known format");
  if (!TEXTS.every((text) => typeof cert[text] === "string" && !cert[text].includes("\0"))) {
    throw new TypeError("owner, issuer and use must be texts");
  }
  if (!Number.isFinite(cert.notBefore) || !Number.isFinite(cert.notAfter)) throw new TypeError("a certificate needs its times");
  if (!Array.isArray(cert.files)) throw new TypeError("a certificate needs files");
  for (const file of cert.files) {
    if (!isOne(KINDS, file.kind)) throw new TypeError("a file needs a known kind");
    if (!(file.bytes instanceof Uint8Array)) throw new TypeError("a file needs its bytes");
  }
};

// A copy in the module's memory. isWithinLimits: everything is in it; PROTOCOL.md 3.3 has limits for texts and files.
export class Bundle {
  #core;

  constructor(core, certs) {
    if (!Array.isArray(certs)) throw new TypeError("certificates come in an array");
    certs.forEach(checkCert);
    this.#core = core;
    this.at = core.exports.core_bundle_new();
    if (!this.at) throw new RangeError("no memory");
    try {
      this.isWithinLimits = certs.every((cert) => this.#add(cert));
    } catch (error) {
      this.free();
      throw error;
    }
  }

  #add(cert) {
    const { exports, memory } = this.#core;
    const texts = TEXTS.map((text) => `${cert[text]}\0`).join("");
    const error = memory.with([texts], (at) =>
      exports.core_bundle_add(this.at, FORMATS[cert.format], at, cert.notBefore, cert.notAfter));
    return error === 0 && cert.files.every((file) => this.#addFile(file));
  }

  #addFile({ kind, bytes }) {
    const { exports, memory } = this.#core;
    const error = memory.with([bytes], (at, length) => exports.core_bundle_file(this.at, KINDS[kind], at, length));
    if (error === ERROR_MEMORY) throw new RangeError("no memory");
    return error === 0;
  }

  free() {
    this.#core.exports.core_bundle_free(this.at);
  }
}

const fileOf = ({ exports, memory }, bundle, cert, index) => {
  const [kind, size, bytes] = memory.u32s(exports.core_bundle_part(bundle, cert, index), 3);
  return { kind: nameOf(KINDS, kind), size, bytes: bytes ? memory.copy(bytes, size) : undefined };
};

const certOf = (core, bundle, index) => {
  const { exports, memory } = core;
  const at = exports.core_bundle_cert(bundle, index);
  const [notBefore, notAfter] = memory.f64s(at, 2);
  const [format, count, ...texts] = memory.u32s(at + 16, 5);
  const [owner, issuer, use] = texts.map((text) => memory.readText(text));
  const files = Array.from({ length: count }, (_, file) => fileOf(core, bundle, index, file));
  return { format: nameOf(FORMATS, format), owner, issuer, use, notBefore, notAfter, files };
};

// The certificates of a bundle, their bytes copied.
export const certsOf = (core, bundle) =>
  Array.from({ length: core.exports.core_bundle_count(bundle) }, (_, index) => certOf(core, bundle, index));
