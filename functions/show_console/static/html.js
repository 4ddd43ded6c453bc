// The one place that knows the view library: markup as tagged templates, in which every value becomes a text node; and
// the clock, by which views are drawn anew.

import htm from "./vendor/htm.module.js";
import { h, render } from "./vendor/preact.mjs";
import { computed, effect, signal, untracked } from "./vendor/signals-core.module.js";

export { computed, effect, render, signal, untracked };

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);

/** Milliseconds since 1970, once a second; what a job has left is worked out from how far it got, never from this. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});
