// A certificate in words, and what can be said of its files without the password; as client/store says it.
import { TAG, octets, read, readElement, shape } from "./asn1.js";
import { fault } from "./fault.js";
import { cut, fold, nameSafe, withoutTail } from "./names.js";
import { pemBlocks } from "./pem.js";
import { printable } from "./printable.js";
import { ALGORITHM, FILE_MAX_BYTES, isAuthority, namePart, nameText, policies, readX509, realName } from "./x509.js";

const DAY_SECONDS = 86400;
const KOREA_SECONDS = 9 * 3600;
const RENEW_DAYS = 30;
const NAME_MAX_BYTES = 200;
const CA_FOLDER_MAX_BYTES = 60;
const TEXT_MAX_BYTES = 256;
const CERTS_MAX = 32;
const BUNDLE_MAX_BYTES = 655360;
const TEST_MARKS = ["TEST", "Test", "test", "FTCA"];

function anyX509(bytes) {
  if (bytes[0] === TAG.sequence) {
    return readX509(bytes);
  }
  const block = pemBlocks(bytes).find(({ label }) => label.endsWith("CERTIFICATE"));
  if (block === undefined) {
    throw fault("damaged-cert");
  }
  return readX509(block.der);
}

/** The parts of a certificate in DER, whatever follows it, or PEM. Throws damaged-cert. */
export function openCert(bytes) {
  try {
    return anyX509(bytes);
  } catch (error) {
    throw fault("damaged-cert", error);
  }
}

function issuerFacts(cert, tables) {
  const organisation = namePart(cert.issuer, "o");
  const issuerCn = namePart(cert.issuer, "cn");
  const known = tables.issuers.find((row) => fold(row.organisation) === fold(organisation));
  const other = organisation === "" ? issuerCn : organisation;
  return {
    issuerKo: known?.ko ?? other,
    issuerEn: known?.en ?? other,
    issuerCn,
    caFolder: known?.folder ?? nameSafe(other, CA_FOLDER_MAX_BYTES),
    isTest: TEST_MARKS.some((mark) => issuerCn.includes(mark)),
  };
}

/** The row with the longest matching prefix of whole components. */
function policyRow(oid, tables) {
  const isBelow = (row) => oid === row.oid || oid.startsWith(row.oid + ".");
  const longer = (best, row) => (best === undefined || row.oid.length > best.oid.length ? row : best);
  return tables.policies.filter(isBelow).reduce(longer, undefined);
}

function useFacts(cert, tables) {
  const all = policies(cert);
  const policy = all.find((oid) => policyRow(oid, tables) !== undefined) ?? all[0] ?? "";
  const row = policyRow(policy, tables);
  return { policy, useKo: row?.ko ?? policy, useEn: row?.en ?? policy };
}

/** Facts of a certificate that openCert opened. */
export function factsFrom(cert, tables) {
  const subject = nameText(cert.subject);
  const commonName = namePart(cert.subject, "cn");
  return {
    owner: realName(cert) || withoutTail(commonName),
    subject,
    commonName,
    ...issuerFacts(cert, tables),
    ...useFacts(cert, tables),
    serial: cert.serial,
    notBefore: cert.notBefore,
    notAfter: cert.notAfter,
    folder: subject === "" ? cut("serial=" + cert.serial, NAME_MAX_BYTES) : nameSafe(subject, NAME_MAX_BYTES),
  };
}

/** Facts of the certificate in DER or PEM. Throws damaged-cert. */
export function readFacts(bytes, tables) {
  return factsFrom(openCert(bytes), tables);
}

const koreanDay = (seconds) => Math.floor((seconds + KOREA_SECONDS) / DAY_SECONDS);

/** Whole days left, counted in Korean dates; negative after the last day. */
export function daysLeft(facts, now) {
  return koreanDay(facts.notAfter) - koreanDay(now);
}

export function stateOf(facts, now) {
  if (now > facts.notAfter) {
    return "expired";
  }
  if (now < facts.notBefore) {
    return "not-yet";
  }
  return daysLeft(facts, now) <= RENEW_DAYS ? "renew-soon" : "valid";
}

const ENCRYPTED_KEY = shape({ algorithm: ALGORITHM, sealed: octets });

function readEncryptedKey(bytes) {
  if (bytes.length > FILE_MAX_BYTES || read(bytes, ENCRYPTED_KEY).value.sealed.content.length === 0) {
    throw fault("damaged-key");
  }
}

/** Checks an encrypted key as far as that goes without its password; bytes behind it do not matter. Throws damaged-key. */
export function checkKey(bytes) {
  try {
    readEncryptedKey(bytes);
  } catch (error) {
    throw fault("damaged-key", error);
  }
}

// SEQUENCE { INTEGER 3, SEQUENCE { OID data or signedData: some programs leave lengths open, which no DER does.
const PKCS12_SHAPE = /^30(80|[0-7].|81..|82(..){2}|83(..){3})02010330(80|[0-7].|81..|82(..){2}|83(..){3})06092a864886f70d01070[12]/;

export function isPkcs12(bytes) {
  const begin = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (bytes.length > FILE_MAX_BYTES || !PKCS12_SHAPE.test(begin)) {
    return false;
  }
  try {
    return bytes[1] === 0x80 ? bytes[bytes.length - 1] === 0 && bytes[bytes.length - 2] === 0 : readElement(bytes).tag === TAG.sequence;
  } catch {
    return false;
  }
}

/** The person's certificate of a PEM file that also holds its encrypted key. Throws no-cert, no-key, damaged-cert, damaged-key. */
export function openPem(bytes) {
  const blocks = bytes.length > FILE_MAX_BYTES ? [] : pemBlocks(bytes);
  const certs = blocks.filter(({ label }) => label === "CERTIFICATE").map(({ der }) => openCert(der));
  const keys = blocks.filter(({ label }) => label === "ENCRYPTED PRIVATE KEY");
  if (certs.length === 0 || keys.length === 0) {
    throw fault(certs.length === 0 ? "no-cert" : "no-key");
  }
  keys.forEach(({ der }) => checkKey(der));
  return certs.find((cert) => !isAuthority(cert)) ?? certs[0];
}

const bytesOf = (cert, kind) => cert.files.find((file) => file.kind === kind)?.bytes;

/** Facts of a whole certificate; null when only its password would show them. Throws damaged-cert. */
export function factsOf(cert, tables) {
  if (cert.format === "pkcs12") {
    return null;
  }
  const bytes = bytesOf(cert, cert.format === "pem" ? "pem" : "sign-cert") ?? new Uint8Array(0);
  return cert.format === "pem" ? factsFrom(openPem(bytes), tables) : readFacts(bytes, tables);
}

/** A certificate for the offer; facts as readFacts gives them, or only {owner}. files: [{kind, bytes}] */
export function shownCert(facts, format, files) {
  const fit = (text) => cut(printable(text), TEXT_MAX_BYTES);
  return {
    format,
    owner: fit(facts.owner),
    issuer: fit(facts.issuerKo),
    use: fit(facts.useKo),
    notBefore: facts.notBefore ?? 0,
    notAfter: facts.notAfter ?? 0,
    files: files.map(({ kind, bytes }) => ({ kind, size: bytes.length, bytes })),
  };
}

/** Whether one transfer carries them: null, 'too-many' or 'too-big'. */
export function checkCerts(certs) {
  const total = certs.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0);
  return certs.length > CERTS_MAX ? "too-many" : total > BUNDLE_MAX_BYTES ? "too-big" : null;
}

const PAIR_KINDS = ["sign-cert", "sign-key", "km-cert", "km-key"];
const KINDS = { npki: PAIR_KINDS, gpki: PAIR_KINDS, pkcs12: ["pkcs12"], pem: ["pem"] };

function checkFile({ kind, bytes }) {
  if (kind.endsWith("-cert")) {
    openCert(bytes);
  } else if (kind.endsWith("-key")) {
    checkKey(bytes);
  } else if (kind === "pem") {
    openPem(bytes);
  } else if (!isPkcs12(bytes)) {
    throw fault("damaged-cert");
  }
}

function checkOne(cert) {
  const allowed = KINDS[cert.format] ?? [];
  const kinds = cert.files.map(({ kind }) => kind);
  if (kinds.some((kind, i) => !allowed.includes(kind) || kinds.indexOf(kind) !== i)) {
    throw fault("damaged-cert");
  }
  cert.files.forEach(checkFile);
  if (!kinds.includes(allowed === PAIR_KINDS ? "sign-cert" : allowed[0])) {
    throw fault("no-cert");
  }
  if (allowed === PAIR_KINDS && !kinds.includes("sign-key")) {
    throw fault("no-key");
  }
}

/** Checks that what arrived is what certificates must be: the limits, and files that parse. Throws {id}. */
export function checkArrived(certs) {
  const limit = checkCerts(certs);
  if (limit !== null || certs.length === 0) {
    throw fault(limit === null ? "no-cert" : "too-big");
  }
  certs.forEach(checkOne);
}
