// Serves the built page from an address of its own, with settings that name a relay elsewhere, and a policy that allows it.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { pageFolder } from "./kit.mjs";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const CONNECT = "connect-src 'self'";

// The page's own policy, with the relay in it; a page that has none is not served.
function document(relay) {
  const parts = fs.readFileSync(path.join(pageFolder, "index.html"), "utf8").split(CONNECT);
  if (parts.length !== 2) throw new Error("the page's policy is not as expected");
  return parts.join(`${CONNECT} ${new URL(relay).origin}`);
}

export async function serve(relay) {
  const made = new Map([["/", [".html", document(relay)]], ["/settings.json", [".json", JSON.stringify({ relay })]]]);
  const names = new Set(fs.readdirSync(pageFolder));
  const find = (url) => {
    const name = url.slice(1);
    return made.get(url) ?? (names.has(name) ? [path.extname(name), fs.readFileSync(path.join(pageFolder, name))] : null);
  };
  const server = http.createServer((request, response) => {
    const [type, body] = find(request.url) ?? [];
    response.writeHead(body ? 200 : 404, { "content-type": TYPES[type] ?? "application/octet-stream" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://localhost:${server.address().port}`, stop: () => server.close() };
}
