// ZIP archives: ours with the right folders, and whatever a person has, read within limits.
import { inflateSync, zipSync } from "fflate";
import { fault } from "./fault.js";
import { koreanText, utf8Text } from "./names.js";
import { dateOf, filesOf, placesOf, timeNow } from "./places.js";
import { FILE_MAX_BYTES } from "./x509.js";

export const ZIP_MAX_BYTES = 16 * 1024 * 1024;
const ENTRIES_MAX = 2000;
const TOTAL_MAX_BYTES = 4 * 1024 * 1024;
const PATH_MAX_BYTES = 4096;
const EXPANSION_BYTES = 1024;
const UNIX = 3;
const OWNER_ONLY = 0o100600 << 16;

/** An archive that unpacks to NPKI/CA/USER/..., GPKI/...; the same certificates on the same day give the same bytes. */
export async function zipOf(certs, tables, now = timeNow()) {
  const date = dateOf(now);
  const mtime = new Date(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)));
  const options = { level: 0, mtime, os: UNIX, attrs: OWNER_ONLY };
  const files = (await placesOf(certs, tables, now)).flatMap(filesOf);
  return zipSync(Object.fromEntries(files.map(({ path, bytes }) => [path.join("/"), [bytes, options]])));
}

const END = { mark: 0x06054b50, bytes: 22, comment: 65535 };
const RECORD = { mark: 0x02014b50, bytes: 46 };
const LOCAL = { mark: 0x04034b50, bytes: 30 };

export function isZip(bytes) {
  return bytes.length >= END.bytes && bytes[0] === 0x50 && bytes[1] === 0x4b && [0x0403, 0x0605].includes((bytes[3] << 8) | bytes[2]);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return value;
});

function crcOf(bytes) {
  return ~bytes.reduce((crc, byte) => CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8), ~0) >>> 0;
}

function findEnd(view) {
  const last = view.byteLength - END.bytes;
  for (let at = last; at >= Math.max(0, last - END.comment); at--) {
    if (view.getUint32(at, true) === END.mark) {
      return at;
    }
  }
  throw fault("damaged-cert");
}

function pathOf(bytes) {
  return (utf8Text(bytes) ?? koreanText(bytes) ?? "").replaceAll("\\", "/");
}

/** One line of the directory; the names in it serve only to find what belongs together. */
function recordAt(bytes, view, at) {
  if (view.getUint32(at, true) !== RECORD.mark) {
    throw fault("damaged-cert");
  }
  const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
  const from = at + RECORD.bytes;
  if (nameSize > PATH_MAX_BYTES || from + nameSize > bytes.length) {
    throw fault("damaged-cert");
  }
  return {
    path: pathOf(bytes.subarray(from, from + nameSize)),
    isSealed: (view.getUint16(at + 8, true) & 1) !== 0,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
    next: from + nameSize + extraSize + commentSize,
  };
}

function packedBytes(bytes, view, record) {
  if (view.getUint32(record.offset, true) !== LOCAL.mark) {
    throw fault("damaged-cert");
  }
  const from = record.offset + LOCAL.bytes + view.getUint16(record.offset + 26, true) + view.getUint16(record.offset + 28, true);
  if (from + record.packedSize > bytes.length || record.packedSize > record.size + EXPANSION_BYTES) {
    throw fault("damaged-cert");
  }
  return bytes.subarray(from, from + record.packedSize);
}

/** Room for one byte more than promised tells what is longer than its header says. */
function unpack(bytes, view, record) {
  if (record.isSealed || (record.method !== 0 && record.method !== 8)) {
    throw fault("unreadable");
  }
  const packed = packedBytes(bytes, view, record);
  const content = record.method === 0 ? packed.slice() : inflateSync(packed, { out: new Uint8Array(record.size + 1) });
  if (content.length !== record.size || crcOf(content) !== record.crc) {
    throw fault("damaged-cert");
  }
  return content.slice();
}

function readEntries(bytes, wants) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const entries = [];
  let at = view.getUint32(end + 16, true);
  let total = 0;
  for (let i = 0; i < count && i < ENTRIES_MAX; i++) {
    const record = recordAt(bytes, view, at);
    at = record.next;
    if (record.path.endsWith("/") || !wants(record.path)) {
      continue;
    }
    const isTooBig = record.size > FILE_MAX_BYTES;
    total += isTooBig ? 0 : record.size;
    if (total > TOTAL_MAX_BYTES) {
      throw fault("too-big");
    }
    entries.push({ path: record.path, size: record.size, bytes: isTooBig ? null : unpack(bytes, view, record) });
  }
  return entries;
}

/** [{path, size, bytes}] of what wants(path) asks for; bytes is null of a file that is too big. Throws damaged-cert, too-big, unreadable. */
export function readZip(bytes, wants) {
  if (bytes.length > ZIP_MAX_BYTES) {
    throw fault("too-big");
  }
  try {
    return readEntries(bytes, wants);
  } catch (error) {
    throw error.id ? error : fault("damaged-cert", error);
  }
}
