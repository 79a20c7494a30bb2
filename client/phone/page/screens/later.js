// All screens but the first.
import { ended } from "./ended.js";
import { explain } from "./explain.js";
import { keep } from "./keep.js";
import { receive, receiveConfirm } from "./receive.js";
import { receiveDone } from "./receive-done.js";
import { receiveSave } from "./receive-save.js";
import { sendChoose } from "./send-choose.js";
import { sendNumber } from "./send-number.js";
import { sendConsent, sendDone, sendProgress } from "./send.js";

export const later = {
  receive,
  "receive-confirm": receiveConfirm,
  "receive-save": receiveSave,
  "receive-done": receiveDone,
  "send-choose": sendChoose,
  "send-number": sendNumber,
  "send-consent": sendConsent,
  "send-progress": sendProgress,
  "send-done": sendDone,
  keep,
  ended,
  explain,
};
