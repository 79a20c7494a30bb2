// What this browser runs on and what it can do, said simply and honestly.
import { t } from "./texts.js";

const agent = navigator.userAgent;

const IN_APP = [
  ["KakaoTalk", /KAKAOTALK/i],
  ["NAVER", /NAVER\(inapp|; NAVER\(/i],
  ["LINE", /\bLine\//i],
  ["Facebook", /FBAN|FBAV|FB_IAB/],
  ["Instagram", /Instagram/],
  ["Daum", /DaumApps/i],
];

const BROWSERS = [
  ["Samsung Internet", /SamsungBrowser/],
  ["Whale", /Whale\//],
  ["Edge", /Edg(A|iOS)?\//],
  ["Firefox", /Firefox\/|FxiOS/],
  ["Chrome", /Chrome\/|CriOS/],
  ["Safari", /Safari\//],
];

function isIpad() {
  return /Macintosh/.test(agent) && navigator.maxTouchPoints > 1;
}

export function platform() {
  if (/Android/.test(agent)) return "android";
  if (/iPhone|iPod|iPad/.test(agent) || isIpad()) return "ios";
  if (/Windows/.test(agent)) return "windows";
  if (/Macintosh/.test(agent)) return "mac";
  return "other";
}

export function isPhone() {
  return ["android", "ios"].includes(platform());
}

function machine() {
  if (/iPad/.test(agent) || isIpad()) return "iPad";
  const names = { ios: "iPhone", windows: t("Windows PC"), mac: "Mac", other: /Linux/.test(agent) ? "Linux PC" : t("Computer") };
  if (platform() !== "android") return names[platform()];
  return /Mobile/.test(agent) ? t("Android phone") : t("Android tablet");
}

export function inAppName() {
  return IN_APP.find(([, pattern]) => pattern.test(agent))?.[0] ?? "";
}

function browser() {
  return inAppName() || (BROWSERS.find(([, pattern]) => pattern.test(agent))?.[0] ?? t("browser"));
}

// What the other person is told of this device.
export function deviceName() {
  return `${machine()}, ${browser()}`;
}

export function platformName() {
  return { android: "Android", ios: "iOS", windows: "Windows", mac: "macOS", other: /Linux/.test(agent) ? "Linux" : "" }[
    platform()
  ];
}

// Name of page.def, or "" when everything is there.
export function lack() {
  if (window.top !== window.self) return "framed"; // a server may say so in a header, but not every server does
  if (!window.isSecureContext) return "no-secure-context";
  if (typeof WebAssembly !== "object" || typeof WebAssembly.instantiate !== "function") return "no-webassembly";
  if (!window.crypto?.getRandomValues || !window.crypto.subtle) return "no-crypto";
  if (typeof WebSocket !== "function") return "no-websocket";
  return "";
}

// The way out of an in-app browser; without the part after '#', which must not pass through another app.
export function outsideLink() {
  const address = location.origin + location.pathname;
  if (inAppName() === "KakaoTalk") return `kakaotalk://web/openExternal?url=${encodeURIComponent(address)}`;
  if (inAppName() === "LINE") return `${address}?openExternalBrowser=1`;
  if (platform() !== "android") return "";
  const rest = address.replace(/^https?:\/\//, "");
  return `intent://${rest}#Intent;scheme=${location.protocol.slice(0, -1)};package=com.android.chrome;end`;
}
