// What a phone does to a page: suspends it, wakes it, locks its screen, throws it away.

const waking = new Set();
let lock = null;
let isWanted = false;

async function takeLock() {
  if (!isWanted || lock || document.visibilityState !== "visible") return;
  try {
    const taken = await navigator.wakeLock.request("screen");
    lock = taken;
    taken.addEventListener("release", () => {
      if (lock === taken) lock = null;
    });
    if (!isWanted) keepAwake(false);
  } catch {
    lock = null; // a screen that goes dark is a nuisance, no failure
  }
}

// The screen stays on while somebody has to look at it.
export function keepAwake(wanted) {
  isWanted = wanted;
  if (wanted) takeLock();
  else lock?.release().catch(() => {});
}

function wakeAll() {
  if (document.visibilityState !== "visible") return;
  takeLock();
  for (const one of waking) one.wake();
}

function freezeAll() {
  for (const one of waking) one.freeze();
}

export function watchPage() {
  document.addEventListener("visibilitychange", wakeAll);
  document.addEventListener("resume", wakeAll);
  document.addEventListener("freeze", freezeAll);
  window.addEventListener("pageshow", (event) => event.persisted && wakeAll());
  window.addEventListener("pagehide", freezeAll);
  window.addEventListener("online", wakeAll);
}

export function attend(meeting) {
  waking.add(meeting);
}

export function unattend(meeting) {
  waking.delete(meeting);
}

function askBefore(event) {
  event.preventDefault();
  event.returnValue = "";
}

// Leaving is asked about only while leaving would lose something.
export function guardLeaving(isGuarded) {
  if (isGuarded) window.addEventListener("beforeunload", askBefore);
  else window.removeEventListener("beforeunload", askBefore);
}

// history.state survives a reload and a killed page, and holds no secret: only what was going on.
export function markStage(stage) {
  history.replaceState({ ...history.state, stage }, "");
}

export function takeStage() {
  const stage = history.state?.stage ?? null;
  if (stage) markStage(null);
  return stage;
}
