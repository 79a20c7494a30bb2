// What can be measured of a screen for those who see badly, use a keyboard, or cannot aim well.
import fs from "node:fs";
import { axePath } from "./kit.mjs";

const AXE = fs.readFileSync(axePath, "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const MEDIA = {
  day: [],
  night: [["prefers-color-scheme", "dark"]],
  contrast: [["prefers-contrast", "more"]],
  forced: [["forced-colors", "active"], ["prefers-color-scheme", "dark"]],
};

// The debugger's own way into the page, which the page's policy does not bar.
export class Probe {
  static async of(person) {
    return new Probe(await person.context.newCDPSession(person.page));
  }

  constructor(session) {
    this.session = session;
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  media(features) {
    return this.session.send("Emulation.setEmulatedMedia", { features: features.map(([name, value]) => ({ name, value })) });
  }

  async axe() {
    await this.evaluate(`if (typeof axe === "undefined") { ${AXE}\n}`);
    const options = JSON.stringify({ runOnly: RULES, resultTypes: ["violations"], preload: false });
    return this.evaluate(`axe.run(document, ${options}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ": " + node.html.slice(0, 160) + " " + node.failureSummary)))`);
  }

  // Violations by day and night, with more contrast, and with the system's colours.
  async axeEverywhere() {
    const found = [];
    for (const [name, features] of Object.entries(MEDIA)) {
      await this.media(features);
      found.push(...(await this.axe()).map((text) => `${name}: ${text}`));
    }
    await this.media([]);
    return found;
  }

  end() {
    return this.session.detach();
  }
}

const TARGETS = "button, summary, label.pick, label.cert, a, input:not(label input)";

// Runs in the page: targets smaller than 44 px; links within running text may be.
function small(selector) {
  const isRunning = (one) => getComputedStyle(one).display === "inline";
  return [...document.querySelectorAll(selector)]
    .map((one) => ({ one, box: one.getBoundingClientRect() }))
    .filter(({ one, box }) => box.width && !isRunning(one) && (box.width < 43.9 || box.height < 43.9))
    .map(({ one, box }) => `small: ${one.textContent.slice(0, 30)} ${box.width}x${box.height}`);
}

// Runs in the page: text that leaves the window or the place that it is cut off by.
function cutOff() {
  const isClipping = (one) => getComputedStyle(one).overflowX !== "visible";
  const clipOf = (one) => (!one || one === document.documentElement ? null : isClipping(one) ? one.getBoundingClientRect() : clipOf(one.parentElement));
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const parent = text.parentElement;
    if (!text.data.trim() || parent.closest(".hidden, noscript") || !parent.getClientRects().length) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const clip = clipOf(parent) ?? { left: 0, right: innerWidth, bottom: Infinity };
    const isOut = (box) => box.left < Math.max(clip.left, 0) - 1 || box.right > Math.min(clip.right, innerWidth) + 1 || box.bottom > clip.bottom + 1;
    if ([...range.getClientRects()].some(isOut)) found.push(`cut: ${text.data.slice(0, 40)}`);
  }
  return found;
}

// Runs in the page: what is wider than the window, or lies over something else.
function crowded(selector) {
  const isFolded = (one) => one.tagName !== "SUMMARY" && one.closest("details:not([open])");
  const targets = [...document.querySelectorAll(selector)].filter((one) => !isFolded(one));
  const boxes = targets.map((one) => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width);
  const isOver = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const over = boxes.flatMap(([one, a], i) =>
    boxes.slice(i + 1).filter(([other, b]) => isOver(a, b) && !one.contains(other)).map(([other]) => `over: ${one.textContent.slice(0, 30)} / ${other.textContent.slice(0, 30)}`));
  const width = document.documentElement.scrollWidth;
  return [...(width > innerWidth ? [`wide: ${width} > ${innerWidth}`] : []), ...over];
}

async function layout(page) {
  return [...(await page.evaluate(cutOff)), ...(await page.evaluate(crowded, TARGETS))];
}

// Runs in the page: what moves for longer than a millisecond.
function moving() {
  const seconds = (text) => Math.max(...text.split(",").map((part) => parseFloat(part) * (part.trim().endsWith("ms") ? 0.001 : 1)));
  const styles = [...document.querySelectorAll("*")].flatMap((one) => [null, "::before", "::after"].map((part) => [one, getComputedStyle(one, part)]));
  return styles
    .filter(([, style]) => (style.animationName !== "none" && seconds(style.animationDuration) > 0.001) || seconds(style.transitionDuration) > 0.001)
    .map(([one]) => `moving: ${one.outerHTML.slice(0, 80)}`);
}

// Text twice as large, then the whole page twice and more as large, as zooming does.
async function enlarged(page) {
  const { width, height } = page.viewportSize();
  const found = [];
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  found.push(...(await layout(page)).map((text) => `200 % text: ${text}`));
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
  await page.setViewportSize({ width: width / 2, height: height / 2 });
  found.push(...(await layout(page)).map((text) => `200 % zoom: ${text}`));
  await page.setViewportSize({ width, height });
  return found;
}

// Everything that is wrong with the screen on show.
export async function faults(person) {
  const { page } = person;
  const probe = await Probe.of(person);
  const found = await probe.axeEverywhere();
  await probe.media([["prefers-reduced-motion", "reduce"]]);
  found.push(...(await page.evaluate(moving)));
  await probe.media([]);
  await probe.end();
  found.push(...(await page.evaluate(small, TARGETS)), ...(await layout(page)), ...(await enlarged(page)));
  return found;
}
