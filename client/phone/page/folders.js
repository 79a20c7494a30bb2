// Files in a folder that a person picked: found whatever their letter case, read back after writing, undone on failure.
import { fault } from "./fault.js";
import { fold } from "./names.js";
import { sameBytes } from "./places.js";

const ENTRIES_MAX = 2000;
const OTHERS_FILE_MAX_BYTES = 1024 * 1024;
export const STAGE_PREFIX = ".certrelay-";

const IDS = { QuotaExceededError: "no-space", NotReadableError: "unreadable" };

/** The error by its name in errors.def. */
export function faultOf(error) {
  return error.id ? error : fault(IDS[error.name] ?? "not-writable", error);
}

/** What is undone, last first, when something fails. */
export class Journal {
  #steps = [];

  add(undo) {
    this.#steps.push(undo);
  }

  /** Whether all of it could be undone. */
  async undo() {
    let isUndone = true;
    for (const step of this.#steps.reverse()) {
      await step().catch((error) => {
        isUndone &&= error.name === "NotFoundError";
      });
    }
    return isUndone;
  }
}

/** [{name, handle}] of what lies in the folder. */
export async function childrenOf(dir) {
  const children = [];
  for await (const [name, handle] of dir.entries()) {
    if (children.length >= ENTRIES_MAX) {
      throw fault("too-big");
    }
    children.push({ name, handle });
  }
  return children;
}

/** The child as the disk spells it; null when there is none. */
export async function findChild(dir, name) {
  const children = await childrenOf(dir);
  return children.find((child) => child.name === name) ?? children.find((child) => fold(child.name) === fold(name)) ?? null;
}

/** The folder at path; null when it is not there. A file in its place is another's. */
export async function findFolder(dir, path) {
  let at = dir;
  for (const name of path) {
    const child = await findChild(at, name);
    if (child === null) {
      return null;
    }
    if (child.handle.kind !== "directory") {
      throw fault("exists");
    }
    at = child.handle;
  }
  return at;
}

export async function makeFolder(dir, path, journal) {
  let at = dir;
  for (const name of path) {
    const parent = at;
    const there = await findFolder(parent, [name]);
    if (there === null) {
      journal.add(() => parent.removeEntry(name));
    }
    at = there ?? (await parent.getDirectoryHandle(name, { create: true }));
  }
  return at;
}

export async function readFile(handle) {
  const file = await handle.getFile();
  if (file.size > OTHERS_FILE_MAX_BYTES) {
    throw fault("too-big");
  }
  return new Uint8Array(await file.arrayBuffer());
}

async function fill(handle, bytes) {
  const stream = await handle.createWritable();
  try {
    await stream.write(bytes);
    await stream.close();
  } catch (error) {
    await stream.abort?.().catch(() => {});
    throw error;
  }
}

/** Throws read-back unless the file holds just these bytes. */
export async function checkFile(dir, name, bytes) {
  if (!sameBytes(await readFile(await dir.getFileHandle(name)), bytes)) {
    throw fault("read-back");
  }
}

/** Writes a new file, or over an old one whose bytes (was) come back when it is undone; the browser does either at once or not at all. */
export async function writeFile(dir, name, bytes, journal, was = null) {
  journal.add(async () => (was === null ? dir.removeEntry(name) : fill(await dir.getFileHandle(name, { create: true }), was)));
  await fill(await dir.getFileHandle(name, { create: true }), bytes);
  await checkFile(dir, name, bytes);
}

export async function removeFile(dir, name, was, journal) {
  journal.add(async () => fill(await dir.getFileHandle(name, { create: true }), was));
  await dir.removeEntry(name);
}

/** A staged file gets its name, where the browser can rename; else it is written once more. */
export async function commitFile(dir, name, bytes, journal) {
  const staged = await dir.getFileHandle(STAGE_PREFIX + name);
  journal.add(() => dir.removeEntry(name));
  const isMoved = typeof staged.move === "function" && (await staged.move(name).then(() => true, () => false));
  if (!isMoved) {
    await fill(await dir.getFileHandle(name, { create: true }), bytes);
    await dir.removeEntry(STAGE_PREFIX + name);
  }
}
