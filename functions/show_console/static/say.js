// One polite region for all that is said aloud, so that a job of minutes speaks a few times and not hundreds.

import { signal } from "./html.js";

const SHOWN_FOR = 5_000;

export const said = signal("");

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} text */
export function say(text) {
  clearTimeout(timer);
  said.value = text;
  timer = setTimeout(() => {
    said.value = "";
  }, SHOWN_FOR);
}
