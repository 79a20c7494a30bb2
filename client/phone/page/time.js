// Times of certificates: OpenSSL takes offsets and missing seconds, but no day that there is not.
import { fault } from "./fault.js";

const UTC_TIME = 0x17;
const SHORT_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)(\d\d))$/;
const LONG_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(?:Z|([+-])(\d\d)(\d\d))$/;

function yearOf(text) {
  const year = Number(text);
  return text.length === 2 ? year + (year < 50 ? 2000 : 1900) : year;
}

/** Seconds since 1970 of a UTCTime or GeneralizedTime. */
export function secondsOf({ tag, content }) {
  const pattern = tag === UTC_TIME ? SHORT_TIME : LONG_TIME;
  const parts = pattern.exec(String.fromCharCode(...content.subarray(0, 40)));
  if (parts === null) {
    throw fault("damaged");
  }
  const [month, day, hour, minute, second] = parts.slice(2, 7).map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(yearOf(parts[1]), month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw fault("damaged");
  }
  const offset = (Number(parts[8] ?? 0) * 60 + Number(parts[9] ?? 0)) * (parts[7] === "-" ? -60 : 60);
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
}
