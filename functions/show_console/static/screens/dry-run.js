// What a job would give: asked a moment after the last change, and only the answer to the last one counts.

import { Refusal, call } from "../api.js";
import { effect, signal, untracked } from "../html.js";
import { LOCKED_PAUSE, pauseOf } from "../resource.js";

const PAUSE = 300;

/** @typedef {{forecast?: Forecast, error?: Refusal, isStale: boolean}} Preview */

/** @param {Preview} preview */
const isLocked = ({ forecast }) => forecast?.meta.dry_run.lock_is_free === false;

export class DryRun {
  /** @type {string} */
  #path;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #under = new AbortController();
  #wanted;
  #unwatch;

  /**
   * @param {string} path where jobs are created
   * @param {() => object | null} wanted the job; null where there is none to ask for
   */
  constructor(path, wanted) {
    this.#path = path;
    this.#wanted = wanted;
    this.preview = signal(/** @type {Preview} */ ({ isStale: true }));
    let pause = 0;
    this.#unwatch = effect(() => {
      const data = wanted();
      untracked(() => this.#ask(data, pause));
      pause = PAUSE;
    });
    document.addEventListener("visibilitychange", this.#wake);
  }

  again = () => this.#ask(untracked(this.#wanted), 0);

  #wake = () => {
    if (!document.hidden && isLocked(this.preview.peek())) this.again();
  };

  close() {
    this.#unwatch();
    document.removeEventListener("visibilitychange", this.#wake);
    this.#rest();
  }

  /** @param {object | null} data @param {number} pause */
  #ask(data, pause) {
    this.#rest();
    this.preview.value = { forecast: this.preview.peek().forecast, isStale: true };
    if (data) this.#timer = setTimeout(() => this.#load(data), pause);
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#under.abort();
  }

  /** @param {object} data */
  async #load(data) {
    const { signal: aborted } = (this.#under = new AbortController());
    try {
      const { data: forecast } = await call("POST", this.#path, { data, query: { dry_run: "true" }, signal: aborted });
      if (aborted.aborted) return;
      this.preview.value = { forecast, isStale: false };
      // Until the job that runs has ended, which nobody tells this page.
      if (isLocked(this.preview.peek())) this.#timer = setTimeout(() => this.#load(data), pauseOf(LOCKED_PAUSE));
    } catch (error) {
      if (aborted.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.preview.value = { error, isStale: false };
    }
  }
}
