// What all pages of a promotion begin with: its name, what it gives, when it runs, and the way to the other pages.

import { html } from "../html.js";
import { now } from "../clock.js";
import { ZONE, dayAndTime } from "../format.js";
import { link } from "../router.js";
import { copyable, crumbs, failure, heading, pill, time } from "../view.js";
import { gives, promotionStatus } from "../words.js";

const TABS = [
  { name: "jobs", word: "Jobs", path: "" },
  { name: "codes", word: "Codes", path: "/codes" },
  { name: "uses", word: "Uses", path: "/uses" },
  { name: "settings", word: "Settings", path: "/settings" },
];

/**
 * @param {import("../resource.js").Resource<One<Promotion>>} promotion
 * @param {string} tab
 * @param {any} [actions]
 */
export function promotionHead(promotion, tab, actions) {
  const { data, error, retryAt } = promotion.state.value;
  const it = data?.data;
  const before = crumbs([{ text: "Promotions", href: link("/promotions") }]);
  if (!it) {
    return html`
      ${heading(error?.status === 404 ? "This promotion is not there any more" : "Promotion", { before })}
      ${error && failure("The promotion could not be loaded", error, { again: promotion.refresh, retryAt })}
    `;
  }
  const after = html`
    ${gives(it)} · ${time(it.start, dayAndTime)} – ${time(it.end, dayAndTime)} in ${ZONE} · ${copyable(it.id)}
  `;
  return html`
    ${heading(it.name, { before, mark: pill(promotionStatus(it, now.value)), after, actions })}
    ${error && failure("The promotion could not be loaded again", error, { again: promotion.refresh, retryAt })}
    <nav class="tabs" aria-label="Pages of the promotion">
      ${TABS.map(
        ({ name, word, path }) =>
          html`<a key=${name} href=${link(`/promotions/${it.id}${path}`)} aria-current=${name === tab ? "page" : undefined}>${word}</a>`,
      )}
    </nav>
  `;
}
