// What a person chose or dropped, made into certificates: files are read within limits, then put together in pairs.js.
import { fault } from "./fault.js";
import { certsOfFolder, isSkipped, isWanted, withoutCopies } from "./pairs.js";
import { FILE_MAX_BYTES } from "./x509.js";
import { ZIP_MAX_BYTES, isZip, readZip } from "./zip.js";

const ENTRIES_MAX = 2000;
const LEVELS_MAX = 8;

const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);
const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
const levelsOf = (path) => path.split("/").length - 1;

function entryOf(each) {
  return each.file instanceof Blob ? each : { path: each.webkitRelativePath || each.name, file: each };
}

async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

const problem = (path, id) => ({ cert: null, facts: null, fault: id, names: [nameOf(path)] });

async function unzip({ path, file }) {
  if (file.size > ZIP_MAX_BYTES) {
    throw fault("too-big");
  }
  const wants = (inside) => isWanted(inside) && !isSkipped(inside) && levelsOf(inside) <= LEVELS_MAX;
  return readZip(await bytesOf(file), wants).map((each) => ({ ...each, path: path + "/" + each.path }));
}

async function readEntry({ path, file }) {
  const isChosen = !path.includes("/");
  if (isChosen && isZip(await bytesOf(file.slice(0, 22)))) {
    return unzip({ path, file });
  }
  if (!isChosen && !isWanted(path)) {
    return [];
  }
  return [{ path, size: file.size, isChosen, bytes: file.size > FILE_MAX_BYTES ? null : await bytesOf(file) }];
}

/** Entries with their bytes (null: too big), or with the fault that kept them from being read. */
async function readAll(entries) {
  const read = [];
  for (const entry of entries) {
    try {
      read.push(...(await readEntry(entry)));
    } catch (error) {
      read.push({ path: entry.path, fault: error.id ?? "unreadable" });
    }
  }
  return read;
}

function byFolder(files) {
  const folders = new Map();
  for (const file of files) {
    const folder = folderOf(file.path);
    folders.set(folder, [...(folders.get(folder) ?? []), { ...file, name: nameOf(file.path) }]);
  }
  return [...folders.values()];
}

/** [{cert, facts, fault, names}], the usable first; cert is null where fault says why. What is no part of a certificate is
 * left out; when nothing is left, one entry says not-found. facts is null of a PKCS#12. */
export async function certsOfFiles(files, tables) {
  const entries = Array.from(files).slice(0, ENTRIES_MAX).map(entryOf);
  const wanted = entries.filter(({ path }) => !isSkipped(path) && levelsOf(path) <= LEVELS_MAX + 1);
  const read = await readAll(wanted);
  const broken = read.filter((file) => file.fault !== undefined).map((file) => problem(file.path, file.fault));
  const folders = byFolder(read.filter((file) => file.fault === undefined));
  const found = withoutCopies(folders.flatMap((folder) => certsOfFolder(folder, tables)));
  const items = [...found.filter((item) => item.fault === null), ...found.filter((item) => item.fault !== null), ...broken];
  return items.length > 0 || entries.length === 0 ? items : [{ ...problem("", "not-found"), names: entries.slice(0, 4).map(({ path }) => nameOf(path)) }];
}

const childrenOf = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** Browsers hand a folder's names out in parts. */
async function walkDropped(entry, path, found) {
  if (found.length >= ENTRIES_MAX || levelsOf(path) > LEVELS_MAX) {
    return;
  }
  if (entry.isFile) {
    found.push({ path, file: await fileOf(entry) });
    return;
  }
  const reader = entry.createReader();
  for (let part = await childrenOf(reader); part.length > 0 && found.length < ENTRIES_MAX; part = await childrenOf(reader)) {
    for (const child of part) {
      await walkDropped(child, path + "/" + child.name, found);
    }
  }
}

/** What was dropped, folders with all below. Call it within the event: afterwards the browser forgets what was dropped. */
export async function entriesOfDrop(dataTransfer) {
  const roots = Array.from(dataTransfer.items ?? [], (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const loose = roots.length > 0 ? [] : Array.from(dataTransfer.files ?? []);
  const found = loose.slice(0, ENTRIES_MAX).map((file) => ({ path: file.name, file }));
  for (const root of roots) {
    await walkDropped(root, root.name, found);
  }
  return found;
}

async function walkFolder(handle, path, found) {
  for await (const [name, child] of handle.entries()) {
    if (found.length >= ENTRIES_MAX || levelsOf(path) >= LEVELS_MAX) {
      return;
    }
    if (child.kind === "directory") {
      await walkFolder(child, path + "/" + name, found);
    } else {
      found.push({ path: path + "/" + name, file: await child.getFile() });
    }
  }
}

/** What lies in a folder that was picked, and below it. */
export async function entriesOfFolder(handle) {
  const found = [];
  await walkFolder(handle, handle.name || "folder", found);
  return found;
}
