// A job that is looked at while it goes on: its progress, how fast it is and what it has left, and the few words that
// are said of it.

import { get } from "./api.js";
import { number } from "./format.js";
import { effect, signal } from "./html.js";
import { resource } from "./resource.js";
import { say } from "./view.js";
import { isOpen, jobName, jobStatus } from "./words.js";

const SOON = 1000;
const LATER = 2000;
const SOON_FOR = 60_000;
const MILESTONES = [75, 50, 25];
const STANDS_AFTER = 60_000;

/**
 * @typedef {object} Watched
 * @property {import("./resource.js").Resource<One<Job>>} job
 * @property {import("./vendor/signals-core.module.js").Signal<Pace>} pace
 * @property {() => void} close
 */

/**
 * Asks for the job until it is final.
 * @param {string} promotionId
 * @param {string} jobId
 * @param {() => void} [ended] told once: what else the page knows may be from before the end
 * @returns {Watched}
 */
export function watchJob(promotionId, jobId, ended = () => {}) {
  const opened = performance.now();
  const track = pacer();
  const pace = signal(/** @type {Pace} */ ({ points: [] }));
  const job = resource(
    async (aborted) => {
      const found = /** @type {One<Job>} */ (
        await get(`v2/promotions/${promotionId}/jobs/${jobId}`, { signal: aborted })
      );
      const { progress } = found.data.meta;
      pace.value = progress ? track.seen(progress, performance.now()) : { points: [] };
      return found;
    },
    ({ data }) => (isOpen(data) ? (performance.now() - opened < SOON_FOR ? SOON : LATER) : 0),
  );
  const stop = effect(announcer(() => job.state.value.data?.data, ended));
  return {
    job,
    pace,
    close() {
      stop();
      job.close();
    },
  };
}

/**
 * Says that a job began, that it is at a quarter, a half and three quarters, and how it ended.
 * @param {() => Job | undefined} current
 * @param {() => void} ended
 */
function announcer(current, ended) {
  /** @type {string | undefined} */
  let before;
  let reached = 0;
  return () => {
    const job = current();
    if (!job) return;
    const at = MILESTONES.find((it) => (job.meta.progress?.percent ?? 0) >= it) ?? 0;
    if (before !== job.status && (before || isOpen(job))) {
      say(`${jobName(job)}: ${jobStatus(job).word}`, false);
      reached = at;
    } else if (at > reached) {
      say(`${jobName(job)}: ${at} % done`, false);
      reached = at;
    }
    const hasEnded = before !== job.status && !isOpen(job);
    before = job.status;
    if (hasEnded) queueMicrotask(ended);
  };
}

/** Since when the job has made no progress, if that is long; by the server's clock alone. @param {One<Job>} found */
export function standsSince({ data, served }) {
  const since = data.meta.progress?.updated_at;
  return since && served - Date.parse(since) > STANDS_AFTER ? since : undefined;
}

/** @param {Pace} pace @returns {string} */
export function paceText({ rate, left }) {
  if (!rate) return "";
  return `${number(Math.round(rate))} a second${left ? ` · ${leftText(left)} left` : ""}`;
}

/** @param {number} left seconds, as they are rounded */
export const leftText = (left) => `about ${left < 90 ? `${left} s` : `${left / 60} min`.replace(".5 min", "½ min")}`;

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
