// What arrived, brought to where the person wants it: a folder, written and read back; or a file to download or share.
import { checkArrived, readFacts } from "./cert.js";
import { Journal, STAGE_PREFIX, checkFile, childrenOf, commitFile, faultOf, findFolder, makeFolder, readFile, removeFile, writeFile } from "./folders.js";
import { fold } from "./names.js";
import { LAYOUT, backupMark, containerName, dateOf, placesOf, sameBytes, timeNow } from "./places.js";
import { zipOf } from "./zip.js";

const REVOKE_AFTER_MS = 60000;
const ZIP_TYPE = "application/zip";

export function canPickFolder() {
  return typeof globalThis.showDirectoryPicker === "function";
}

async function pickFolder() {
  try {
    return await globalThis.showDirectoryPicker({ id: "certrelay", mode: "readwrite" });
  } catch (error) {
    if (error.name === "AbortError") {
      return null;
    }
    throw faultOf(error);
  }
}

/** Below the picked folder; one called NPKI is the root itself. GPKI lies beside NPKI, or, where that cannot be reached, in it. */
function pathOf(picked, place) {
  const isRoot = fold(picked.name) === "npki" && place.root === "NPKI";
  return [...(isRoot ? [] : [place.root]), ...place.dir];
}

const isLayoutName = (name) => LAYOUT.some((row) => fold(row.npki) === fold(name));

/** What lies where the place is, and what of it is in the way: none, same, renewed or other. */
async function look(picked, place, tables) {
  const path = pathOf(picked, place);
  const dir = await findFolder(picked, path);
  const folder = dir !== null && place.folder !== null ? await findFolder(dir, [place.folder]) : dir;
  const children = folder === null ? [] : (await childrenOf(folder)).filter(({ handle }) => handle.kind === "file");
  const isOurs = ({ name }) => (place.folder === null ? place.files.some((file) => fold(file.name) === fold(name)) : isLayoutName(name));
  const old = [];
  for (const child of children.filter(isOurs)) {
    old.push({ name: child.name, bytes: await readFile(child.handle) });
  }
  return { place, path, old, clash: clashOf(place, old, tables) };
}

const findOld = (old, name) => old.find((each) => fold(each.name) === fold(name));

function clashOf(place, old, tables) {
  const isThere = ({ name, bytes }) => sameBytes(findOld(old, name)?.bytes ?? [], bytes);
  if (place.files.every(isThere)) {
    return "same";
  }
  return old.length === 0 ? "none" : isOlder(findOld(old, place.files[0].name)?.bytes, place, tables) ? "renewed" : "other";
}

function isOlder(bytes, place, tables) {
  try {
    return readFacts(bytes, tables).notBefore < place.notBefore;
  } catch {
    return false;
  }
}

/** A whole copy of what is about to be replaced, beside it. */
async function backUp(picked, { place, path, old }, now, journal) {
  const dir = await findFolder(picked, path);
  const taken = (await childrenOf(dir)).map(({ name }) => fold(name));
  const names = place.folder === null ? old.map(({ name }) => name) : [place.folder];
  const mark = backupMark(names, dateOf(now), (name) => taken.includes(fold(name)));
  const target = place.folder === null ? dir : await makeFolder(dir, [place.folder + mark], journal);
  const all = place.folder === null ? old : await allFiles(await findFolder(dir, [place.folder]));
  for (const { name, bytes } of all) {
    await writeFile(target, place.folder === null ? name + mark : name, bytes, journal);
  }
}

async function allFiles(dir) {
  const files = [];
  for (const { name, handle } of await childrenOf(dir)) {
    if (handle.kind === "file") {
      files.push({ name, bytes: await readFile(handle) });
    }
  }
  return files;
}

/** New files under names that nobody reads; everything that can fail for want of space or leave fails here. */
async function stage(picked, site, now, journal) {
  if (site.old.length > 0) {
    await backUp(picked, site, now, journal);
  }
  const { place, path, old } = site;
  const target = await makeFolder(picked, place.folder === null ? path : [...path, place.folder], journal);
  for (const { name, bytes } of place.files.filter(({ name }) => !findOld(old, name))) {
    await writeFile(target, STAGE_PREFIX + name, bytes, journal);
  }
  return target;
}

/** Keys come before the certificate: half of it is no certificate yet. */
async function commit(target, { place, old }, journal) {
  for (const { name, bytes } of [...place.files].reverse()) {
    const there = findOld(old, name);
    if (there === undefined) {
      await commitFile(target, name, bytes, journal);
    } else if (!sameBytes(there.bytes, bytes)) {
      await writeFile(target, there.name, bytes, journal, there.bytes);
    }
  }
  const isLeft = ({ name }) => !place.files.some((file) => fold(file.name) === fold(name));
  for (const { name, bytes } of old.filter(isLeft)) {
    await removeFile(target, name, bytes, journal);
  }
}

async function readBack(picked, { place, path, old }) {
  const folder = await findFolder(picked, place.folder === null ? path : [...path, place.folder]);
  for (const { name, bytes } of place.files) {
    await checkFile(folder, findOld(old, name)?.name ?? name, bytes);
  }
}

async function store(picked, sites, now) {
  const journal = new Journal();
  try {
    const fresh = sites.filter(({ clash }) => clash !== "same");
    const targets = [];
    for (const site of fresh) {
      targets.push(await stage(picked, site, now, journal));
    }
    for (const [i, site] of fresh.entries()) {
      await commit(targets[i], site, journal);
    }
    for (const site of sites) {
      await readBack(picked, site);
    }
  } catch (error) {
    const known = faultOf(error);
    throw Object.assign(known, { isUndone: await journal.undo() });
  }
}

const shownPlace = (picked, { place, path }) =>
  [picked.name, ...path, ...(place.folder === null ? [place.files[0].name] : [place.folder])].filter(Boolean).join("/");

/** Stores all certificates in a folder the person picks (or folder), or none. Call it at once when the person taps: the picker needs that.
 * {places}: stored and read back. {clash: [{owner, name, kind: 'renewed' or 'other'}], folder}: nothing was written, another
 * certificate has the name; ask, then call again with this folder and mayReplace: the old one stays as a backup. null: the person
 * closed the picker, or by then it was not wanted any more (isWanted). Throws {id, isUndone}; isUndone false: not all that was written could be removed. */
export async function saveToFolder(certs, tables, { folder = null, mayReplace = false, now = timeNow(), isWanted = () => true } = {}) {
  const picked = folder ?? (await pickFolder());
  if (picked === null || !isWanted()) {
    return null;
  }
  checkArrived(certs);
  try {
    const sites = [];
    for (const place of await placesOf(certs, tables, now)) {
      sites.push(await look(picked, place, tables));
    }
    const clash = sites.filter((site) => site.clash === "renewed" || site.clash === "other");
    if (clash.length > 0 && !mayReplace) {
      return { folder: picked, clash: clash.map((site) => ({ owner: site.place.owner, name: site.place.folder ?? site.place.files[0].name, kind: site.clash })) };
    }
    await store(picked, sites, now);
    return { places: sites.map((site) => shownPlace(picked, site)) };
  } catch (error) {
    throw faultOf(error);
  }
}

/** Says nothing of the person: people share and show their downloads. */
async function zipFile(certs, tables, now) {
  return new File([await zipOf(certs, tables, now)], `certrelay-NPKI-${dateOf(now)}.zip`, { type: ZIP_TYPE });
}

function download(file) {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

/** Hands the archive to the browser; whether it was kept only the person knows. */
export async function downloadZip(certs, tables, now = timeNow()) {
  download(await zipFile(certs, tables, now));
}

/** A PKCS#12 or PEM as it came. */
export async function downloadFile(cert) {
  download(new File([cert.files[0].bytes], await containerName(cert, ""), { type: "application/octet-stream" }));
}

export function canShareZip() {
  const file = new File([new Uint8Array(1)], "certrelay-NPKI.zip", { type: ZIP_TYPE });
  return globalThis.navigator?.canShare?.({ files: [file] }) ?? false;
}

/** Returns whether it was shared; false when the person closed the question. */
export async function shareZip(certs, tables, now = timeNow()) {
  try {
    await navigator.share({ files: [await zipFile(certs, tables, now)] });
    return true;
  } catch (error) {
    if (error.name === "AbortError") {
      return false;
    }
    throw faultOf(error);
  }
}
