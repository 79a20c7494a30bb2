// A QR code as a camera would see it: the dots on one page become a film for the fake camera of another.
import fs from "node:fs";

const SIZE = 640;
const FRAMES = 4;
const [BLACK, WHITE, GREY] = [16, 235, 128];

// The dots of the code that a page shows, as rows of booleans.
export async function dotsOf(page) {
  const svg = page.locator(".qr svg");
  const [box, path] = await Promise.all([svg.getAttribute("viewBox"), svg.locator("path").getAttribute("d")]);
  const size = Number(box.split(" ")[2]);
  const rows = Array.from({ length: size }, () => Array(size).fill(false));
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1/g)) rows[y][x] = true;
  return rows;
}

function brightness(dots) {
  const plane = Buffer.alloc(SIZE * SIZE, WHITE);
  const scale = Math.floor((SIZE * 0.8) / dots.length);
  const margin = Math.floor((SIZE - scale * dots.length) / 2);
  for (let y = 0; y < scale * dots.length; y++) {
    for (let x = 0; x < scale * dots.length; x++) {
      if (dots[Math.floor(y / scale)][Math.floor(x / scale)]) plane[(margin + y) * SIZE + margin + x] = BLACK;
    }
  }
  return plane;
}

// YUV4MPEG2, 4:2:0. Without dots it is a white wall.
export function film(file, dots = []) {
  const frame = Buffer.concat([Buffer.from("FRAME\n"), dots.length ? brightness(dots) : Buffer.alloc(SIZE * SIZE, WHITE), Buffer.alloc((SIZE * SIZE) / 2, GREY)]);
  fs.writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${SIZE} H${SIZE} F10:1 Ip A1:1 C420jpeg\n`), ...Array(FRAMES).fill(frame)]));
}
