// The words of the page: those failures that its modules name, the Korean catalogue of what is used, and the tables.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MO_MAGIC = 0x950412de;

// A catalogue as msgfmt writes it: pairs of tables of lengths and offsets.
const readCatalogue = (file) => {
  if (!existsSync(file)) return {};
  const mo = readFileSync(file);
  if (mo.readUInt32LE(0) !== MO_MAGIC) throw new Error(`${file} is no catalogue`);
  const [count, ids, texts] = [8, 12, 16].map((at) => mo.readUInt32LE(at));
  const textAt = (at) => mo.subarray(mo.readUInt32LE(at + 4), mo.readUInt32LE(at + 4) + mo.readUInt32LE(at)).toString();
  const pairs = Array.from({ length: count }, (_, i) => [textAt(ids + 8 * i), textAt(texts + 8 * i)]);
  return Object.fromEntries(pairs.filter(([id]) => id !== ""));
};

const literalsOf = (sources) => {
  const found = new Set();
  for (const source of sources) {
    for (const [, , name] of readFileSync(source, "utf8").matchAll(/(["'])([a-z][a-z0-9-]*)\1/g)) found.add(name);
  }
  return found;
};

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

const pick = (object, isWanted) => Object.fromEntries(Object.entries(object).filter(([name]) => isWanted(name)));

// What page/ imports as words.json and tables.json.
export const readMade = (js, sources) => {
  const { version, errors: allErrors, reasons } = readJson(join(js, "told.json"));
  const named = literalsOf(sources);
  const errors = pick(allErrors, (name) => named.has(name));
  const shared = new Set([...Object.values(errors).flatMap(Object.values), ...Object.values(reasons)]);
  const ko = { ...pick(readCatalogue(join(js, "ko.mo")), (id) => shared.has(id)), ...readCatalogue(join(js, "page.ko.mo")) };
  return { "words.json": { version, errors, reasons, ko }, "tables.json": readJson(join(js, "tables.json")) };
};
