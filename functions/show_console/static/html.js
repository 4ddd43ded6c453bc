// The one place that knows the view library: markup as tagged templates, in which every value becomes a text node.

import htm from "./vendor/htm.module.js";
import { h, render } from "./vendor/preact.mjs";

export { render };
export { batch, computed, effect, signal, untracked } from "./vendor/signals-core.module.js";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);
