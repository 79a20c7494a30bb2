// Draws a QR code as one SVG path.
import encodeQR from "qr";

const SVG = "http://www.w3.org/2000/svg";

export function drawQr(text, label) {
  const rows = encodeQR(text, "raw", { ecc: "low", border: 3 });
  const dots = rows.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${rows.length} ${rows.length}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", dots.join(""));
  path.setAttribute("fill", "#000000");
  svg.append(path);
  return svg;
}
