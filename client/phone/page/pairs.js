// What belongs together among the files of one folder: by their names as far as these tell, else by what they hold.
import { checkKey, factsFrom, isPkcs12, openCert, openPem, shownCert } from "./cert.js";
import { fold } from "./names.js";
import { LAYOUT, sameBytes } from "./places.js";
import { printable } from "./printable.js";
import { isAuthority, isForEncryption } from "./x509.js";

const WANTED = /\.(der|key|cer|crt|pem|p12|pfx)$/i;
const SKIPPED = /(^|\/)(__MACOSX|\._[^/]*|\.certrelay-[^/]*|[^/]*\.bak-\d{8}(-\d+)?)(\/|$)/;
const AUTHORITY = /^[0-9a-f]{16,}_[0-9a-f]*\.(der|cer)$/i;
const CONTAINER = /\.(p12|pfx)$/i;
// A download repeated is called "signCert (1).der", a copy "signCert - 복사본.der": the same mark tells what belongs together.
const NPKI_NAME = /^(sign|km)(cert|pri)([^\p{L}].*)?\.(der|key|cer|crt)$/iu;
const GPKI_NAME = /^(.+)_(sig|env)([^\p{L}].*)?\.(cer|key)$/iu;

export const isWanted = (path) => WANTED.test(path);
export const isSkipped = (path) => SKIPPED.test(path);

const stemOf = (name) => name.replace(/\.[^.]*$/, "");

function tryTo(action) {
  try {
    return { value: action(), fault: null };
  } catch (error) {
    return { value: null, fault: error.id };
  }
}

const problem = (files, id) => ({ cert: null, facts: null, fault: id, names: files.map(({ name }) => name) });

function item(format, members, opened, tables) {
  const facts = opened === null ? null : factsFrom(opened, tables);
  const files = members.map(({ kind, file }) => ({ kind, bytes: file.bytes }));
  const shown = facts ?? { owner: printable(stemOf(members[0].file.name)) };
  return { cert: shownCert(shown, format, files), facts, fault: null, names: members.map(({ file }) => file.name) };
}

function named(file) {
  const name = file.name.normalize("NFC");
  const npki = NPKI_NAME.exec(name);
  if (npki !== null) {
    const kind = `${npki[1].toLowerCase()}-${npki[2].toLowerCase() === "cert" ? "cert" : "key"}`;
    return { set: "npki" + fold((npki[3] ?? "").trim()), format: "npki", kind };
  }
  const gpki = GPKI_NAME.exec(name);
  if (gpki !== null) {
    const kind = `${gpki[2].toLowerCase() === "sig" ? "sign" : "km"}-${gpki[4].toLowerCase() === "cer" ? "cert" : "key"}`;
    return { set: "gpki/" + fold(gpki[1]) + fold((gpki[3] ?? "").trim()), format: "gpki", kind };
  }
  return null;
}

/** Sets of files whose names tell that they belong together, and the files whose names tell nothing. */
function sortOut(files) {
  const sets = new Map();
  const rest = [];
  for (const file of files) {
    const told = named(file);
    if (told === null) {
      rest.push(file);
      continue;
    }
    const set = sets.get(told.set) ?? { format: told.format, found: {} };
    set.found[told.kind] ??= file;
    sets.set(told.set, set);
  }
  return { sets: [...sets.values()], rest };
}

function examine(kind, file) {
  if (file.bytes === null) {
    return { value: null, fault: "too-big" };
  }
  return tryTo(() => (kind.endsWith("-cert") ? openCert(file.bytes) : checkKey(file.bytes)));
}

/** A key-management file that is damaged is left out: the sign pair is worth moving without it. */
function itemOfSet({ format, found }, tables) {
  const files = LAYOUT.map(({ kind }) => found[kind]).filter(Boolean);
  if (!found["sign-cert"] || !found["sign-key"]) {
    return problem(files, found["sign-cert"] ? "no-key" : "no-cert");
  }
  const members = LAYOUT.filter(({ kind }) => found[kind]).map(({ kind }) => ({ kind, file: found[kind], ...examine(kind, found[kind]) }));
  const bad = members.slice(0, 2).find(({ fault }) => fault !== null);
  if (bad !== undefined) {
    return problem(files, bad.fault);
  }
  return item(format, members.filter(({ fault }) => fault === null), members[0].value, tables);
}

/** What a file is by what it holds: pkcs12, pem, sign-cert, km-cert, key, or null. */
function kindOf(file) {
  if (file.bytes === null || file.bytes.length === 0) {
    return null;
  }
  if (isPkcs12(file.bytes)) {
    return "pkcs12";
  }
  const pem = tryTo(() => openPem(file.bytes));
  if (pem.fault === null) {
    return "pem";
  }
  const cert = tryTo(() => openCert(file.bytes));
  if (cert.fault === null) {
    return isAuthority(cert.value) ? "authority" : isForEncryption(cert.value) ? "km-cert" : "sign-cert";
  }
  return tryTo(() => checkKey(file.bytes)).fault === null ? "key" : null;
}

function takeContainer(file, kind, tables) {
  const opened = kind === "pem" ? openPem(file.bytes) : null;
  return item(kind, [{ kind, file }], opened, tables);
}

/** Why a file that looks like a part of a certificate is none; null when it is just something else. */
function faultOf(file) {
  const isMeant = isWanted(file.name) && (file.isChosen || CONTAINER.test(file.name)) && !AUTHORITY.test(file.name);
  if (!isMeant) {
    return null;
  }
  if (file.bytes === null) {
    return "too-big";
  }
  if (/\.pem$/i.test(file.name)) {
    const { fault } = tryTo(() => openPem(file.bytes));
    return fault === "no-cert" && !new TextDecoder("latin1").decode(file.bytes).includes("PRIVATE KEY-----") ? null : fault;
  }
  return /\.key$/i.test(file.name) ? "damaged-key" : "damaged-cert";
}

const half = (set, has, lacks) => set.format === "npki" && set.found[has] && !set.found[lacks];
const without = (list, each) => list.filter((other) => other !== each);

/** A certificate without a key, and the one key without a certificate: sets of which each has only one half. */
function joinHalves(sets, rest) {
  const loose = rest.filter(({ kind }) => kind === "sign-cert" || kind === "key").map(({ kind, file }) => ({
    format: "npki", file, found: { [kind === "key" ? "sign-key" : "sign-cert"]: file },
  }));
  let all = [...sets, ...loose];
  const join = (cert, key) => {
    all = [...without(without(all, cert), key), { format: "npki", found: { ...key.found, ...cert.found } }];
  };
  for (const cert of loose.filter((set) => set.found["sign-cert"])) {
    const keys = loose.filter((set) => set.found["sign-key"] && all.includes(set) && fold(stemOf(set.file.name)) === fold(stemOf(cert.file.name)));
    if (keys.length === 1) {
      join(cert, keys[0]);
    }
  }
  const certs = all.filter((set) => half(set, "sign-cert", "sign-key"));
  const keys = all.filter((set) => half(set, "sign-key", "sign-cert"));
  if (certs.length === 1 && keys.length === 1) {
    join(certs[0], keys[0]);
  }
  return all;
}

/** Halves that nobody asked for by name, as in a folder of other things, are passed over. */
const isMeant = (set) => set.file === undefined || set.file.isChosen;

/** [{cert, facts, fault, names}] of the files that lie in one folder: [{name, bytes or null, isChosen}]. */
export function certsOfFolder(files, tables) {
  const { sets, rest } = sortOut(files);
  const known = rest.map((file) => ({ file, kind: kindOf(file) }));
  const containers = known.filter(({ kind }) => kind === "pkcs12" || kind === "pem").map(({ file, kind }) => takeContainer(file, kind, tables));
  const pairs = joinHalves(sets, known).filter(isMeant).map((set) => itemOfSet(set, tables));
  const broken = known.filter(({ kind }) => kind === null).map(({ file }) => ({ file, id: faultOf(file) }));
  return [...pairs, ...containers, ...broken.filter(({ id }) => id !== null).map(({ file, id }) => problem([file], id))];
}

/** Copies of one certificate whose keys differ (another password, or damage) are not one: each must be seen, and be chosen. */
function isCopy(one, other) {
  const pairs = one.files.map((file) => [file, other.files.find(({ kind }) => kind === file.kind)]);
  const first = one.files[0].kind;
  return one.format === other.format && other.files[0].kind === first && pairs.every(([a, b]) => b === undefined || sameBytes(a.bytes, b.bytes));
}

/** The same certificate twice is one; the fuller copy stays. */
export function withoutCopies(items) {
  const kept = [];
  for (const each of items) {
    const i = each.fault === null ? kept.findIndex((other) => other.fault === null && isCopy(other.cert, each.cert)) : -1;
    if (i < 0) {
      kept.push(each);
    } else if (each.cert.files.length > kept[i].cert.files.length) {
      kept[i] = each;
    }
  }
  return kept;
}
