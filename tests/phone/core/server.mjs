// Serves folders on a free port of this machine, as a plain web server would.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".css": "text/css", ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript",
  ".json": "application/json", ".wasm": "application/wasm",
};

const isFile = (path) => existsSync(path) && statSync(path).isFile();

// With brotli, files that have a packed one beside them are sent packed. made: texts by path.
export const serve = (folder, made = {}) =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url, "http://localhost");
      const path = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
      const isPacked = isFile(`${path}.br`);
      response.setHeader("Content-Type", TYPES[extname(path)] || "text/plain");
      if (made[pathname] !== undefined) return response.setHeader("Content-Type", "text/html").end(made[pathname]);
      if (!isFile(path)) return response.writeHead(404).end();
      if (isPacked) response.setHeader("Content-Encoding", "br");
      return createReadStream(isPacked ? `${path}.br` : path).pipe(response);
    });
    server.listen(0, "127.0.0.1", () => resolve({ server, origin: `http://localhost:${server.address().port}` }));
  });
