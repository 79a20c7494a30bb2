// Makes foreign text safe to show, as client/store/printable.c does.

const CONTROLS =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

// U+FFFD for everything that moves a cursor, hides or reverses text.
export function printable(text) {
  return String(text ?? "").replace(CONTROLS, "\ufffd");
}
