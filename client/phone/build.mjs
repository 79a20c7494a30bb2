// Builds the page: bundles page/, fills in words and tables, names files by their content, packs them, and makes the single file.
//
//     node build.mjs JS OUT SINGLE RELAY
//
// JS is the tree with node_modules, core.wasm, told.json and the catalogues; OUT and SINGLE are written anew. RELAY may be "".

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { bundle } from "./build/bundle.mjs";
import { plainPolicy, singlePolicy } from "./build/policy.mjs";
import { readMade } from "./build/words.mjs";

const [js, out, single, relay] = process.argv.slice(2);
const page = join(js, "client/phone/page");

const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);

// Every place must be there, once: a page that changed shape is not built half.
const replaceOnce = (text, from, to) => {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${from} is in the page ${parts.length - 1} times`);
  return parts.join(to);
};

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });

const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));

const STYLE = '<link rel="stylesheet" href="style.css">';
const SCRIPT = '<script type="module" src="main.js"></script>';
const SETTINGS = '<script type="application/json" id="settings">{}</script>';
const CHARSET = '<meta charset="utf-8">';

const bakedSettings = () => (relay ? SETTINGS.replace("{}", JSON.stringify({ relay })) : SETTINGS);

const withPolicy = (html, policy) =>
  replaceOnce(html, CHARSET, `${CHARSET}\n<meta http-equiv="Content-Security-Policy" content="${policy}">`);

const buildPlain = async (html, core, made) => {
  const coreName = `core-${hashOf(core)}.wasm`;
  const { files, main, style, reader } = await bundle({ js, page, made, coreName, isSplit: true });
  const document = [
    [SETTINGS, bakedSettings()],
    [STYLE, `<link rel="stylesheet" href="${style}">\n<link rel="preload" as="fetch" href="${coreName}" crossorigin>`],
    [SCRIPT, `<script type="module" src="${main.name}"></script>`],
  ].reduce((text, [from, to]) => replaceOnce(text, from, to), html);
  const all = new Map([...files, [coreName, core], ["index.html", Buffer.from(withPolicy(document, plainPolicy(relay)))]]);
  const whole = [...all.keys()].filter((name) => !reader.includes(name));
  return { all, first: ["index.html", style, coreName, main.name, ...main.imports], whole, coreName };
};

const buildSingle = async (html, core, made, licences) => {
  const { files, main, style } = await bundle({ js, page, made, coreName: "core.wasm", isSplit: false });
  const script = files.get(main.name).toString().replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const css = files.get(style).toString();
  const document = [
    [SETTINGS, bakedSettings()],
    [STYLE, `<style>${css}</style>`],
    [SCRIPT, `<script type="text/plain" id="core">${core.toString("base64")}</script>\n<script type="module">${script}</script>`],
  ].reduce((text, [from, to]) => replaceOnce(text, from, to), html);
  return `${withPolicy(document, singlePolicy(relay, script, css))}<!--\n${licences.replaceAll("--", "- -")}-->\n`;
};

// Whose work is bundled, and on what terms; after @peculiar/asn1-schema what it stands on.
const LICENCES = [
  ["libsodium", "sodium-native/LICENSE"], ["qr", "qr/LICENSE"], ["fflate", "fflate/LICENSE"],
  ["@peculiar/asn1-schema", "@peculiar/asn1-schema/LICENSE"], ["@peculiar/utils", "@peculiar/utils/LICENSE"], ["asn1js", "asn1js/LICENSE"],
  ["pvtsutils", "pvtsutils/LICENSE"], ["pvutils", "pvutils/LICENSE"],
];

const readLicences = () =>
  LICENCES
    .map(([name, file]) => `${name}\n\n${readFileSync(join(js, "node_modules", file), "utf8").trim()}\n`)
    .join("\n");

const write = (path, bytes) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
};

const writePacked = (all) => {
  rmSync(out, { recursive: true, force: true });
  for (const [name, bytes] of all) {
    write(join(out, name), bytes);
    write(join(out, `${name}.br`), brotli(bytes));
    write(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
};

const html = readFileSync(join(page, "index.html"), "utf8");
const core = readFileSync(join(js, "core.wasm"));
const made = readMade(js, filesBelow(page).filter((file) => file.endsWith(".js")));
const licences = readLicences();
const { all, first, whole, coreName } = await buildPlain(html, core, made);
all.set("licences.txt", Buffer.from(licences));
writePacked(all);
const singleFile = await buildSingle(html, core, made, licences);
write(single, singleFile);

const packed = (name) => brotli(all.get(name)).length;
const packedSum = (names) => names.reduce((sum, name) => sum + packed(name), 0);
const sizes = {
  core_raw: core.length,
  core_br: packed(coreName),
  first_load_br: packedSum(first),
  whole_br: packedSum(whole), // all but the QR reader
  single_raw: Buffer.byteLength(singleFile),
  files: Object.fromEntries([...all.keys()].sort().map((name) => [name, { raw: all.get(name).length, br: packed(name) }])),
};
write(join(js, "sizes.json"), `${JSON.stringify(sizes, null, 1)}\n`);
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`page: first load ${kb(sizes.first_load_br)} packed, all but the QR reader ${kb(sizes.whole_br)}, core ${kb(sizes.core_br)} packed (${kb(sizes.core_raw)}), ` +
  `single file ${kb(sizes.single_raw)} in ${relative(process.cwd(), single) || single}`);
