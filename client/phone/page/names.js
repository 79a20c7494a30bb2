// Text of certificates, and the names we give: folders, files and people's names, as client/store gives them.
import { printable } from "./printable.js";

export const STRING = { utf8: 0x0c, printable: 0x13, teletex: 0x14, universal: 0x1c, bmp: 0x1e };

const FORBIDDEN = /[\\/:*?"<>|\ufffd]/g;
const TAIL = /^(.+)\([^()]*\)[0-9]{15,}$/s;

function decode(label, bytes) {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export const utf8Text = (bytes) => decode("utf-8", bytes);

/** In the old code page; what follows a NUL is not text. */
export function koreanText(bytes) {
  const text = decode("euc-kr", bytes);
  return text === null ? null : text.split("\0")[0];
}

function wideText(bytes, width) {
  if (bytes.length % width !== 0) {
    return null;
  }
  const codes = [];
  for (let i = 0; i < bytes.length; i += width) {
    const code = bytes.subarray(i, i + width).reduce((sum, byte) => sum * 256 + byte, 0);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return null;
    }
    codes.push(String.fromCodePoint(code));
  }
  return codes.join("");
}

const latinText = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

const READERS = {
  [STRING.bmp]: (bytes) => wideText(bytes, 2),
  [STRING.universal]: (bytes) => wideText(bytes, 4),
  [STRING.teletex]: (bytes) => koreanText(bytes) ?? latinText(bytes),
  [STRING.utf8]: (bytes) => utf8Text(bytes) ?? koreanText(bytes),
};
const readOther = (bytes) => utf8Text(bytes) ?? koreanText(bytes) ?? latinText(bytes);

/** The text of a string element, whatever its type; Korean authorities put CP949 into TeletexString. */
export function textOf(element) {
  const text = (READERS[element.tag] ?? readOther)(element.content);
  return text === null ? "" : printable(text.normalize("NFC"));
}

/** Whether a string inside a name is what its type says. */
export function isProper(element) {
  const bytes = element.content;
  if (element.tag === STRING.utf8) {
    return utf8Text(bytes) !== null;
  }
  return (element.tag !== STRING.bmp && element.tag !== STRING.universal) || READERS[element.tag](bytes) !== null;
}

/** Equal when the texts differ only in letter case and composition. */
export function fold(text) {
  return text.normalize("NFC").toUpperCase().toLowerCase();
}

/** At most max bytes of UTF-8, never within a character. */
export function cut(text, max) {
  const bytes = new TextEncoder().encode(text);
  let end = Math.min(max, bytes.length);
  while (end < bytes.length && end > 0 && (bytes[end] & 0xc0) === 0x80) {
    end--;
  }
  return end === bytes.length ? text : new TextDecoder().decode(bytes.subarray(0, end));
}

/** text as one component of a path: safe on every file system, never empty, "." or "..", never hidden. */
export function nameSafe(text, max) {
  const clean = printable(text.normalize("NFC")).replace(FORBIDDEN, "_");
  const name = cut(clean, max).replace(/[. ]+$/, "").replace(/^\./, "_");
  return name === "" ? "_" : name;
}

/** The common name without the tail some authorities add: "홍길동()0020041200806232804005" is 홍길동. */
export function withoutTail(commonName) {
  const parts = TAIL.exec(commonName);
  return parts === null ? commonName : parts[1];
}
