// Blocks between BEGIN and END lines, as PEM files have them.

const TRIES_MAX = 64;
const LABEL_MAX = 40;

function decodeBase64(text) {
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, "")), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** [{label, der}]; what is not a whole block is passed over. */
export function pemBlocks(bytes) {
  const text = new TextDecoder("latin1").decode(bytes);
  const blocks = [];
  let at = 0;
  for (let tries = 0; tries < TRIES_MAX && (at = text.indexOf("-----BEGIN ", at)) >= 0; tries++) {
    const begin = at + 11;
    const end = text.indexOf("-----", begin);
    at = begin;
    if (end < 0) {
      break;
    }
    if (end - begin > LABEL_MAX) {
      continue;
    }
    const label = text.slice(begin, end);
    const close = text.indexOf("-----END " + label + "-----", end + 5);
    const der = close < 0 ? null : decodeBase64(text.slice(end + 5, close));
    if (der !== null) {
      blocks.push({ label, der });
      at = close;
    }
  }
  return blocks;
}
