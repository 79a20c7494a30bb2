// Where certificates go below NPKI and GPKI: decided from the certificates themselves, as client/store decides it.
import { factsOf } from "./cert.js";
import { fold, nameSafe } from "./names.js";

const GROUP_MAX_BYTES = 150;
const OWNER_MAX_BYTES = 120;
const KOREA_SECONDS = 9 * 3600;

/** How the files of a certificate are called: in its own folder, and behind a group's name. */
export const LAYOUT = [
  { kind: "sign-cert", npki: "signCert.der", gpki: "_sig.cer" },
  { kind: "sign-key", npki: "signPri.key", gpki: "_sig.key" },
  { kind: "km-cert", npki: "kmCert.der", gpki: "_env.cer" },
  { kind: "km-key", npki: "kmPri.key", gpki: "_env.key" },
];

/** The day in Korea, YYYYMMDD; now in seconds since 1970. */
export function dateOf(now) {
  return new Date((now + KOREA_SECONDS) * 1000).toISOString().slice(0, 10).replaceAll("-", "");
}

export const timeNow = () => Math.floor(Date.now() / 1000);

/** Always in the layout's order, whatever the peer's. */
function pairFiles(cert, nameOf) {
  const found = LAYOUT.map((row) => ({ row, file: cert.files.find(({ kind }) => kind === row.kind) }));
  return found.filter(({ file }) => file !== undefined).map(({ row, file }) => ({ name: nameOf(row), bytes: file.bytes }));
}

function npkiPlace(cert, facts) {
  const files = pairFiles(cert, (row) => row.npki);
  return { root: "NPKI", dir: [facts.caFolder, "USER"], folder: facts.folder, files };
}

function gpkiPlace(cert, facts) {
  const group = nameSafe(facts.commonName, GROUP_MAX_BYTES);
  const files = pairFiles(cert, (row) => group + row.gpki);
  return { root: "GPKI", dir: ["Certificate", "class2"], folder: null, files };
}

/** A name for a file that holds everything: without facts nobody's name. */
export async function containerName(cert, owner) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", cert.files[0].bytes));
  const begin = Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${nameSafe(owner || "certificate", OWNER_MAX_BYTES)}-${begin}.${cert.format === "pem" ? "pem" : "p12"}`;
}

async function containerPlace(cert, facts) {
  const name = await containerName(cert, facts?.owner);
  return { root: "NPKI", dir: ["certrelay"], folder: null, files: [{ name, bytes: cert.files[0].bytes }] };
}

const PLACES = { npki: npkiPlace, gpki: gpkiPlace, pkcs12: containerPlace, pem: containerPlace };

async function placeOf(cert, tables) {
  const facts = factsOf(cert, tables);
  const place = await PLACES[cert.format](cert, facts);
  return { ...place, cert, owner: facts?.owner ?? "", notBefore: facts?.notBefore ?? 0, isBackup: false };
}

/** The names it occupies in its folder: its own folder's, or each file's. */
export const entriesOf = (place) => (place.folder === null ? place.files.map(({ name }) => name) : [place.folder]);

const keyOf = (place, name) => [place.root, ...place.dir, name].map(fold).join("/");
const keysOf = (place) => entriesOf(place).map((name) => keyOf(place, name));

/** Appends .bak-YYYYMMDD, then .bak-YYYYMMDD-2...: the first that isTaken says of none of the names. */
export function backupMark(names, date, isTaken) {
  for (let number = 1; ; number++) {
    const mark = `.bak-${date}${number === 1 ? "" : "-" + number}`;
    if (!names.some((name) => isTaken(name + mark))) {
      return mark;
    }
  }
}

function renamed(place, mark) {
  return place.folder === null
    ? { ...place, isBackup: true, files: place.files.map((file) => ({ ...file, name: file.name + mark })) }
    : { ...place, isBackup: true, folder: place.folder + mark };
}

export const sameBytes = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

export function isSameCert(one, other) {
  const isSame = (file, i) => file.kind === other.files[i].kind && sameBytes(file.bytes, other.files[i].bytes);
  return one.format === other.format && one.files.length === other.files.length && one.files.every(isSame);
}

/** The newest of those that want the same place gets it; of equally new ones the first. */
function heirOf(place, places) {
  const keys = keysOf(place);
  const rivals = places.filter((other) => keysOf(other).some((key) => keys.includes(key)));
  return rivals.reduce((best, other) => (other.notBefore > best.notBefore ? other : best));
}

/** A place for every certificate, each certificate once. Of those with one name all but the newest are its backups. */
export async function placesOf(certs, tables, now) {
  const once = certs.filter((cert, i) => certs.findIndex((other) => isSameCert(other, cert)) === i);
  const places = await Promise.all(once.map((cert) => placeOf(cert, tables)));
  const heirs = places.filter((place) => heirOf(place, places) === place);
  const taken = new Set(heirs.flatMap(keysOf));
  const beside = places.filter((place) => !heirs.includes(place)).map((place) => {
    const moved = renamed(place, backupMark(entriesOf(place), dateOf(now), (name) => taken.has(keyOf(place, name))));
    keysOf(moved).forEach((key) => taken.add(key));
    return moved;
  });
  return [...heirs, ...beside];
}

/** [{path: [..], bytes}] of a place. */
export function filesOf(place) {
  const folder = [place.root, ...place.dir, ...(place.folder === null ? [] : [place.folder])];
  return place.files.map(({ name, bytes }) => ({ path: [...folder, name], bytes }));
}
