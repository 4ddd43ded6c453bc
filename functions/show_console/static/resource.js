// What a screen shows of the API: loaded, kept while it is loaded again, and asked for anew as long as it changes.

import { Refusal, get } from "./api.js";
import { signal } from "./html.js";

/** Until it is asked again whether the job has ended that others wait for. */
export const LOCKED_PAUSE = 3000;
const HIDDEN_PAUSE = 30_000;
const LONGEST_PAUSE = 30_000;

/**
 * @template T
 * @typedef {object} State
 * @property {T} [data]
 * @property {Refusal} [error] of the last request, while what was there before it stays
 * @property {boolean} isLoading
 * @property {number} [retryAt] when it is asked again, after an error
 */

/** Until something is asked for again: longer in a hidden tab. @param {number} milliseconds */
export const pauseOf = (milliseconds) => (document.hidden ? Math.max(milliseconds, HIDDEN_PAUSE) : milliseconds);

/** @type {Set<{refresh: () => void}>} */
const waiting = new Set();

function wakeAll() {
  if (document.hidden) return;
  for (const it of waiting) it.refresh();
}

document.addEventListener("visibilitychange", wakeAll);
addEventListener("online", wakeAll);

/**
 * Never has two requests under way; an answer that a newer request has overtaken is dropped.
 * @template T
 */
export class Resource {
  /** @type {(signal: AbortSignal) => Promise<T>} */
  #load;
  /** @type {(data: T) => number} */
  #pause;
  #under = new AbortController();
  #isClosed = false;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {(signal: AbortSignal) => Promise<T>} load
   * @param {(data: T) => number} pause milliseconds until it is asked again; 0 for no more
   */
  constructor(load, pause) {
    this.#load = load;
    this.#pause = pause;
    this.state = signal(/** @type {State<T>} */ ({ isLoading: true }));
    this.refresh();
  }

  refresh = async () => {
    if (this.#isClosed) return;
    this.#rest();
    const mine = (this.#under = new AbortController());
    this.state.value = { ...this.state.peek(), isLoading: true, retryAt: undefined };
    try {
      const data = await this.#load(mine.signal);
      if (!mine.signal.aborted) this.#succeed(data);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.#fail(error);
    }
  };

  /** For good: its screen was left. */
  close = () => {
    this.#isClosed = true;
    this.#rest();
  };

  #rest() {
    clearTimeout(this.#timer);
    waiting.delete(this);
    this.#under.abort();
  }

  /** @param {T} data */
  #succeed(data) {
    this.#failures = 0;
    this.state.value = { data, isLoading: false };
    this.#wait(this.#pause(data));
  }

  /** @param {Refusal} error */
  #fail(error) {
    const pause = error.isPassing ? backOff(error, ++this.#failures) : 0;
    const retryAt = pause ? Date.now() + pause : undefined;
    this.state.value = { ...this.state.peek(), error, isLoading: false, retryAt };
    this.#wait(pause);
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    if (!milliseconds) return;
    waiting.add(this);
    this.#timer = setTimeout(this.refresh, pauseOf(milliseconds));
  }
}

/**
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {(data: T) => number} [pause]
 */
export const resource = (load, pause = () => 0) => new Resource(load, pause);

/**
 * A promotion, asked for again as long as a job runs in it that the page does not watch itself.
 * @param {string} id
 * @param {string} [watched] the job that it watches
 * @returns {Resource<One<Promotion>>}
 */
export const promotionOf = (id, watched) =>
  resource(
    (aborted) => get(`v2/promotions/${id}`, { signal: aborted }),
    ({ data: { meta } }) => (meta.codes.open_job && meta.codes.open_job !== watched ? LOCKED_PAUSE : 0),
  );

/**
 * @param {Refusal} error
 * @param {number} failures in a row
 */
function backOff(error, failures) {
  return error.retryAfter ? error.retryAfter * 1000 : Math.min(1000 * 2 ** failures, LONGEST_PAUSE);
}

/**
 * A change that a person asks for: one at a time, whatever is pressed meanwhile.
 * @template {any[]} A
 * @param {(...given: A) => Promise<void>} run
 */
export function operation(run) {
  const state = signal(/** @type {{isBusy: boolean, error?: Refusal}} */ ({ isBusy: false }));
  return {
    state,
    /** @param {A} given */
    async start(...given) {
      if (state.peek().isBusy) return;
      state.value = { isBusy: true };
      try {
        await run(...given);
        state.value = { isBusy: false };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        state.value = { isBusy: false, error };
      }
    },
    forget() {
      state.value = { isBusy: false };
    },
  };
}
