// Numbers, times and sizes as text. Times are in the viewer's zone, which every page names.

const NUMBER = new Intl.NumberFormat("en-US");
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The viewer's time zone, such as `Europe/Berlin`. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {number} value */
export const number = (value) => NUMBER.format(value);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** @param {string | number} moment */
export const day = (moment) => DAY.format(new Date(moment));

/** @param {string | number} moment */
export const clockTime = (moment) => SECONDS.format(new Date(moment));

/** @param {string | number} moment */
export const dayAndTime = (moment) => `${day(moment)}, ${TIME.format(new Date(moment))}`;

/**
 * Shorter, for a table: `today, 14:02`, `28 May, 16:20`, or with the year.
 * @param {string} moment
 */
export function briefly(moment) {
  const [at, today] = [new Date(moment), new Date()];
  const time = TIME.format(at);
  if (at.toDateString() === today.toDateString()) return `today, ${time}`;
  return `${(at.getFullYear() === today.getFullYear() ? SHORT_DAY : DAY).format(at)}, ${time}`;
}

/** @param {string | number} moment */
export const inUtc = (moment) => `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 90) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 90) return `${minutes} min${whole % 60 && minutes < 10 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return counted(bytes, "byte");
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 3);
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["", "kB", "MB", "GB"][power]}`;
}

/** @param {string} amount of dollars */
export function dollars(amount) {
  const value = Number(amount);
  return value > 0 && value < 0.01 ? "less than $0.01" : `$${value.toFixed(2)}`;
}

/** The number in what a person types, which may be grouped; NaN where it is none. @param {string} text */
export function parsed(text) {
  const digits = text.replace(/[\s,.'’_]/g, "");
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
}

/**
 * The number in what a person types with a point or a comma before its decimals, in units of the last one that there may
 * be; NaN where it is none, has more, or may be grouped.
 * @param {string} text @param {number} places
 */
export function scaled(text, places) {
  const [, whole, part = ""] = text.trim().match(/^(\d{1,12})(?:[.,](\d+))?$/) ?? [];
  return whole && part.length <= places ? Number(whole + part.padEnd(places, "0")) : Number.NaN;
}

/** What is typed as a number, grouped as it is typed; anything else as it is. @param {string} text */
export function grouped(text) {
  const value = parsed(text);
  return Number.isNaN(value) ? text : number(value);
}

// Days: the first one begins, and the last one ends, in the viewer's zone.

/** @param {number} part */
const two = (part) => String(part).padStart(2, "0");

/** The day of a stored moment, as a field for dates has it. @param {string} moment */
export function dayOf(moment) {
  const at = new Date(moment);
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** When a day begins, in UTC; empty for no day. @param {string} text */
export const startOf = (text) => utc(text, 0, 0);

/** The last second of a day, in UTC; empty for no day. Its last hour may come twice. @param {string} text */
export const endOf = (text) => utc(text, 1, -1000);

/** @param {string} text @param {number} days later @param {number} milliseconds later */
function utc(text, days, milliseconds) {
  const [year = 0, month = 0, date = 0] = text.split("-").map(Number);
  const midnight = new Date(2000, 0, 1);
  midnight.setFullYear(year, month - 1, date + days);
  const at = new Date(midnight.getTime() + milliseconds);
  return text && !Number.isNaN(at.getTime()) ? `${at.toISOString().slice(0, 19)}Z` : "";
}
