// The content security policies that the built pages carry.

import { createHash } from "node:crypto";

const hashed = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const relayOrigin = (relay) => {
  const url = new URL(relay);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "wss:" && !(url.protocol === "ws:" && isLocal)) throw new Error(`the relay must be wss://: ${relay}`);
  return `${url.protocol}//${url.host}`;
};

// Which relay is a setting beside the page, which is not known here: then any relay, but by TLS. A server that says more in its
// own policy, as certrelayd does, narrows it.
const connections = (relay) => (relay ? relayOrigin(relay) : "wss:");

const policy = (script, style, relay) =>
  [
    "default-src 'none'",
    `script-src ${script} 'wasm-unsafe-eval'`,
    `style-src ${style}`,
    "img-src 'self' data: blob:",
    `connect-src 'self' ${connections(relay)}`,
    "media-src 'self' blob:",
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");

export const plainPolicy = (relay) => policy("'self'", "'self'", relay);

// Nothing is loaded from anywhere: the hashes of what stands in the file itself.
export const singlePolicy = (relay, script, style) => policy(hashed(script), hashed(style), relay);
