// How fast a job is and what it has left, worked out here from how far it was when: no clock of the server, no average.

const WINDOW = 15_000;
const SURE_AFTER = 2_000;
const POINTS = 240;

/**
 * @typedef {object} Pace
 * @property {number} [rate] a second
 * @property {number} [left] seconds, rounded
 * @property {{at: number, rate: number}[]} points the rates since the page was opened, `at` in seconds
 */

/**
 * Takes each progress with the time at which it came, and answers what it knows by then.
 */
export function pacer() {
  /** @type {{at: number, done: number}[]} */
  let seen = [];
  /** @type {{at: number, rate: number}[]} */
  let points = [];
  /** @type {number | undefined} */
  let shown;
  let began = 0;

  return {
    /**
     * @param {{done: number, total: number, recent_codes_per_second?: number}} progress
     * @param {number} at milliseconds, of a clock that only goes forward
     * @returns {Pace}
     */
    seen({ done, total, recent_codes_per_second: told }, at) {
      if (!seen.length || done < (seen.at(-1)?.done ?? 0)) [seen, points, shown, began] = [[], [], undefined, at];
      seen = [...seen.filter((it) => it.at > at - WINDOW), { at, done }];
      const rate = rateOf(seen) ?? told;
      if (rate !== undefined) points = [...points, { at: (at - began) / 1000, rate }].slice(-POINTS);
      shown = rate ? steady(shown, (total - done) / rate) : undefined;
      return { rate, left: shown, points };
    },
  };
}

/** @param {{at: number, done: number}[]} seen */
function rateOf(seen) {
  const [first, last] = [seen[0], seen.at(-1)];
  if (!first || !last || last.at - first.at < SURE_AFTER) return undefined;
  return ((last.done - first.done) * 1000) / (last.at - first.at);
}

/**
 * Rounded to 5 seconds below a minute and to 30 above, never negative; more than before only if it is so by a tenth.
 * @param {number | undefined} before
 * @param {number} seconds
 */
function steady(before, seconds) {
  const step = seconds < 60 ? 5 : 30;
  const next = Math.max(Math.ceil(seconds / step) * step, step);
  return before !== undefined && next > before && next < before * 1.1 ? before : next;
}
