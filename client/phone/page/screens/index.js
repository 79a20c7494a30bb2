// Every screen by the name that <main data-screen> bears. What the first screen does not need comes a moment later, all at
// once and before any transfer begins, so that none fails for want of a screen.
import { start } from "./start.js";
import { unsupported } from "./unsupported.js";

export const screens = { start, unsupported };

export async function loadScreens() {
  Object.assign(screens, (await import("./later.js")).later);
}
