// What an X.509 certificate holds, taken apart but not yet put into words.
import {
  TAG, any, bits, boolean, explicit, implicit, integer, membersOf, octets, oid, oidOf, optional, read, readElement, sequenceOf, setOf, shape,
} from "./asn1.js";
import { fault } from "./fault.js";
import { STRING, isProper, textOf } from "./names.js";
import { secondsOf } from "./time.js";

export const FILE_MAX_BYTES = 65536;

const OID_NAME = "2.5.29.17";
const OID_POLICIES = "2.5.29.32";
const OID_BASIC = "2.5.29.19";
const OID_KEY_USAGE = "2.5.29.15";
const OID_IDENTIFY_DATA = "1.2.410.200004.10.1.1";
const NAME_TAGS = [0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88];
// BIT STRING, UTF8, Numeric, Printable, Teletex, IA5, Universal, BMP.
const STRING_TAGS = [0x03, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x1c, 0x1e];

// As OpenSSL calls them, in lower case; others are shown as numbers.
const TYPES = {
  "2.5.4.": {
    3: "cn", 4: "sn", 5: "serialnumber", 6: "c", 7: "l", 8: "st", 9: "street", 10: "o", 11: "ou", 12: "title",
    13: "description", 15: "businesscategory", 16: "postaladdress", 17: "postalcode", 18: "postofficebox",
    20: "telephonenumber", 41: "name", 42: "gn", 43: "initials", 44: "generationqualifier", 45: "x500uniqueidentifier",
    46: "dnqualifier", 65: "pseudonym", 72: "role", 97: "organizationidentifier",
  },
  "0.9.2342.19200300.100.1.": { 1: "uid", 3: "mail", 25: "dc", 44: "uid" },
  "1.2.840.113549.1.9.": { 1: "emailaddress", 2: "unstructuredname", 8: "unstructuredaddress" },
  "1.3.6.1.4.1.311.60.2.1.": { 1: "jurisdictionl", 2: "jurisdictionst", 3: "jurisdictionc" },
};

function typeName(oid) {
  const split = oid.lastIndexOf(".") + 1;
  return TYPES[oid.slice(0, split)]?.[oid.slice(split)] ?? oid;
}

export const ALGORITHM = shape({ oid, parameters: optional(any()) });
const TIME = any(({ tag }) => tag === TAG.utcTime || tag === TAG.time);
const TEXT = any((element) => STRING_TAGS.includes(element.tag) && isProper(element));
const NAME = sequenceOf(setOf(shape({ type: oid, text: TEXT })));
const EXTENSION = shape({ oid, critical: optional(boolean), content: octets });
const BODY = shape({
  version: explicit(0, integer),
  serial: integer,
  algorithm: ALGORITHM,
  issuer: NAME,
  validity: shape({ notBefore: TIME, notAfter: TIME }),
  subject: NAME,
  key: shape({ algorithm: ALGORITHM, bits }),
  issuerId: implicit(1, bits),
  subjectId: implicit(2, bits),
  extensions: explicit(3, sequenceOf(EXTENSION)),
});
const CERTIFICATE = shape({ body: BODY, algorithm: ALGORITHM, signature: bits });
const POLICIES = sequenceOf(shape({ oid, qualifiers: optional(any(({ tag }) => tag === TAG.sequence)) }));

/** In hexadecimal, lower case, without leading zeros. */
function hexOf({ block }) {
  const number = block.toBigInt();
  if (number >= 0n) {
    return number.toString(16);
  }
  const hex = (-number).toString(16);
  return "-" + (hex.length % 2 ? "0" : "") + hex;
}

/** All parts in the order written; those of one set carry the same number. */
function partsOf(name) {
  return name.flatMap((set, i) => Array.from(set, ({ type, text }) => ({ type: typeName(oidOf(type)), text: textOf(text), set: i })));
}

/** The certificate at the begin of bytes, whatever follows it. der: its own bytes. */
export function readX509(bytes) {
  if (bytes.length > FILE_MAX_BYTES) {
    throw fault("damaged");
  }
  const { value: { body }, whole } = read(bytes, CERTIFICATE);
  return {
    version: body.version === undefined ? "0" : hexOf(body.version),
    serial: hexOf(body.serial),
    issuer: partsOf(Array.from(body.issuer)),
    notBefore: secondsOf(body.validity.notBefore),
    notAfter: secondsOf(body.validity.notAfter),
    subject: partsOf(Array.from(body.subject)),
    extensions: Array.from(body.extensions ?? [], (each) => ({ oid: oidOf(each.oid), value: each.content.content })),
    der: whole,
  };
}

/** The most specific part of its kind; "" when there is none. */
export function namePart(name, type) {
  return name.filter((part) => part.type === type).pop()?.text ?? "";
}

/** Reversed, as folders are named: cn=..,ou=..,o=..,c=kr */
export function nameText(name) {
  return name
    .slice()
    .reverse()
    .map((part, i, all) => (i === 0 ? "" : all[i - 1].set === part.set ? "+" : ",") + part.type + "=" + part.text)
    .join("");
}

/** What make makes of the extension; empty when it is not there, there twice, or damaged. */
function extension(cert, id, make, empty) {
  const found = cert.extensions.filter((each) => each.oid === id);
  if (found.length !== 1) {
    return empty;
  }
  try {
    return make(found[0].value);
  } catch {
    return empty;
  }
}

const OTHER_NAME = 0xa0;
const NAME_OF_PERSON = [STRING.utf8, STRING.printable, STRING.teletex, STRING.bmp];

function identifyDataName(element) {
  const [type, wrapped, ...rest] = membersOf(element);
  const [data, ...others] = membersOf(wrapped);
  if (type.tag !== TAG.oid || wrapped.tag !== OTHER_NAME || rest.length + others.length > 0) {
    throw fault("damaged");
  }
  if (oidOf(type) !== OID_IDENTIFY_DATA || data.tag !== TAG.sequence) {
    return "";
  }
  const [first] = membersOf(data);
  return first !== undefined && NAME_OF_PERSON.includes(first.tag) ? textOf(first) : "";
}

function readAlternativeNames(bytes) {
  const all = readElement(bytes);
  const names = membersOf(all);
  if (all.tag !== TAG.sequence || names.some(({ tag }) => tag !== OTHER_NAME && !NAME_TAGS.includes(tag))) {
    return "";
  }
  return names.filter(({ tag }) => tag === OTHER_NAME).map(identifyDataName).find((name) => name !== "") ?? "";
}

/** The real name KISA puts into the subject's alternative name. */
export function realName(cert) {
  return extension(cert, OID_NAME, readAlternativeNames, "");
}

export function policies(cert) {
  return extension(cert, OID_POLICIES, (bytes) => Array.from(read(bytes, POLICIES).value, (policy) => oidOf(policy.oid)), []);
}

function readUsage(bytes) {
  const usage = readElement(bytes);
  if (usage.tag !== TAG.bits) {
    throw fault("damaged");
  }
  return usage.content[1] ?? 0;
}

const USAGE_ENCIPHERS = 0x30;
const USAGE_SIGNS = 0xc0;
const USAGE_CERTIFIES = 0x04;

/** For encryption only: the certificate of a km pair. */
export function isForEncryption(cert) {
  const usage = extension(cert, OID_KEY_USAGE, readUsage, 0);
  return (usage & USAGE_ENCIPHERS) !== 0 && (usage & USAGE_SIGNS) === 0;
}

/** An authority's, not a person's. */
export function isAuthority(cert) {
  const usage = extension(cert, OID_KEY_USAGE, readUsage, null);
  if (usage !== null && (usage & USAGE_CERTIFIES) === 0) {
    return false;
  }
  const basic = extension(cert, OID_BASIC, (bytes) => membersOf(readElement(bytes))[0]?.tag === TAG.boolean, null);
  const isOldRoot = cert.version === "0" && nameText(cert.subject) === nameText(cert.issuer);
  return basic ?? (isOldRoot || usage !== null);
}
