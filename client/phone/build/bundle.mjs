// One run of esbuild over the page's modules and style.

import { basename, join } from "node:path";
import { readFileSync } from "node:fs";

import { build } from "esbuild";

const TARGETS = ["es2020", "safari15", "chrome90", "firefox90"];

// Modules that are made while building: words.json and tables.json.
const madeModules = (made) => ({
  name: "made",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/(words|tables)\.json$/ }, ({ path }) => ({ path: basename(path), namespace: "made" }));
    onLoad({ filter: /.*/, namespace: "made" }, ({ path }) => ({ contents: JSON.stringify(made[path]), loader: "json" }));
  },
});

// In the source, so that what main.js is named after covers the name of the core too.
const namedCore = (coreName) => ({
  name: "core",
  setup({ onLoad }) {
    onLoad({ filter: /\/page\/main\.js$/ }, ({ path }) => {
      const parts = readFileSync(path, "utf8").split('"core.wasm"');
      if (parts.length !== 2) throw new Error('main.js names "core.wasm" other than once');
      return { contents: parts.join(JSON.stringify(coreName)), loader: "js" };
    });
  },
});

const outputOf = (outputs, entry) => Object.keys(outputs).find((path) => outputs[path].entryPoint?.endsWith(entry));

// What is loaded before anything can be done: static imports, and theirs.
const staticImports = (outputs, path, found = new Set()) => {
  for (const { path: imported, kind } of outputs[path].imports) {
    if (kind !== "import-statement" || found.has(imported)) continue;
    found.add(imported);
    staticImports(outputs, imported, found);
  }
  return [...found];
};

// The QR reader, which many never need: a browser may have its own, and a number can be typed.
const isReader = ({ inputs }) => Object.keys(inputs).some((path) => path.endsWith("node_modules/qr/decode.js"));

// files: Map of name to bytes; main: { name, imports }; style: name; reader: names.
export const bundle = async ({ js, page, made, coreName, isSplit }) => {
  const result = await build({
    absWorkingDir: js,
    entryPoints: [join(page, "main.js"), join(page, "style.css")],
    outdir: join(js, "out"),
    bundle: true,
    minify: true,
    format: "esm",
    splitting: isSplit,
    target: TARGETS,
    charset: "utf8",
    legalComments: "none",
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    preserveSymlinks: true,
    metafile: true,
    write: false,
    logLevel: "warning",
    plugins: [madeModules(made), namedCore(coreName)],
  });
  const { outputs } = result.metafile;
  const main = outputOf(outputs, "page/main.js");
  return {
    files: new Map(result.outputFiles.map((file) => [basename(file.path), Buffer.from(file.contents)])),
    main: { name: basename(main), imports: staticImports(outputs, main).map((path) => basename(path)) },
    reader: Object.keys(outputs).filter((path) => isReader(outputs[path])).map((path) => basename(path)),
    style: basename(outputOf(outputs, "page/style.css")),
  };
};
