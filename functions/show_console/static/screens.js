// Every screen with its address.

import { html } from "./html.js";
import { matched } from "./router.js";
import { empty, heading } from "./view.js";
import { codeScreen, codesScreen } from "./screens/codes.js";
import { generateScreen } from "./screens/generate.js";
import { importScreen } from "./screens/import.js";
import { jobScreen } from "./screens/job.js";
import { newPromotionScreen, settingsScreen } from "./screens/promotion-form.js";
import { promotionScreen } from "./screens/promotion.js";
import { promotionsScreen } from "./screens/promotions.js";
import { usesScreen } from "./screens/uses.js";

/**
 * @typedef {object} Screen
 * @property {() => string} title of the document
 * @property {() => any} view
 * @property {() => void} [close]
 */

/** @typedef {(values: Record<string, string>, query: URLSearchParams) => Screen} Open */

/** @type {[string, Open][]} */
const SCREENS = [
  ["/promotions", promotionsScreen],
  ["/promotions/new", newPromotionScreen],
  ["/promotions/:id", promotionScreen],
  ["/promotions/:id/codes", codesScreen],
  ["/promotions/:id/uses", usesScreen],
  ["/promotions/:id/settings", settingsScreen],
  ["/promotions/:id/generate", generateScreen],
  ["/promotions/:id/import", importScreen],
  ["/promotions/:id/jobs/:job", jobScreen],
  ["/code", codeScreen],
];

/** @type {Screen} */
const nowhere = {
  title: () => "Not found",
  view: () => html`
    ${heading("There is no such page")}
    <div class="card">
      ${empty("search", "The address is wrong", "It may have been cut when it was copied.", html`<a class="button" href="#/promotions">All promotions</a>`)}
    </div>
  `,
};

/** @param {import("./router.js").Address} address @returns {Screen} */
export function openScreen({ path, query }) {
  for (const [pattern, open] of SCREENS) {
    const values = matched(pattern, path);
    if (values) return open(values, query);
  }
  return nowhere;
}
