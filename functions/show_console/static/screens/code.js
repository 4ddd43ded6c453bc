// One code, found over all promotions: whether it can be used, what made it, and what used it.

import { html } from "../html.js";
import { get } from "../api.js";
import { now } from "../clock.js";
import { ZONE } from "../format.js";
import { press } from "../forms.js";
import { resource } from "../resource.js";
import { go, link } from "../router.js";
import { empty, facts, heading, pill, shown, time } from "../view.js";
import { promotionStatus, usesLeft } from "../words.js";
import { deleteCode } from "./codes.js";
import { usesTable } from "./uses.js";

/** @typedef {{code: Code, promotion: Promotion, usages: Listing<Usage>}} Found */

/** @type {import("../screens.js").Open} */
export function codeScreen(_, query) {
  const sought = query.get("q")?.trim() ?? "";
  const found = resource((aborted) => find(sought, aborted));
  return {
    title: () => "Look a code up",
    close: found.close,
    view() {
      const it = /** @type {Found | null | undefined} */ (found.state.value.data);
      const actions = it && press("Delete this code …", { tone: "danger", mark: "trash", run: () => deleteCode(it.promotion.id, it.code.code, () => go(`/promotions/${it.promotion.id}/codes`)) });
      return html`
        ${heading(html`<code>${it?.code.code ?? sought}</code>`, { mark: it && pill(statusOf(it)), actions })}
        ${shown(found, "The code could not be looked up", (data) => (data ? about(data) : none()))}
      `;
    },
  };
}

/** @param {string} sought @param {AbortSignal} signal @returns {Promise<Found | null>} */
async function find(sought, signal) {
  const quoted = `"${sought.replace(/["\\]/g, "\\$&")}"`;
  const page = await get("v2/promotions", { query: { filter: `eq(code,${quoted})` }, signal });
  const promotion = /** @type {Promotion | undefined} */ (page.data[0]);
  if (!promotion) return null;
  const path = `v2/promotions/${promotion.id}/codes/${encodeURIComponent(sought)}`;
  const [{ data: code }, usages] = await Promise.all([get(path, { signal }), get(`${path}/usages`, { signal, query: { sort: "-used_on" } })]);
  return { code, promotion, usages };
}

/** @param {Found} found @returns {import("../words.js").Status} */
function statusOf({ code, promotion }) {
  if (code.max_uses !== undefined && !code.uses) return { word: "Used up", tone: "warn", mark: "cross" };
  const { word } = promotionStatus(promotion, now.value);
  if (word !== "Live") return { word: `The promotion is ${word.toLowerCase()}`, tone: "warn", mark: "clock" };
  return { word: "Can be used", tone: "good", mark: "check" };
}

const none = () => html`
  <div class="card">
    ${empty(
      "search",
      "No promotion has this code",
      "Capitals do not matter, dashes do. Codes of a job that still runs are not there yet; deleted ones are gone.",
    )}
  </div>
`;

/** @param {Found} found */
function about({ code, promotion, usages }) {
  const by = code.job_id ? html`<a href=${link(`/promotions/${promotion.id}/jobs/${code.job_id}`)}>a job</a>` : "by hand";
  const users = [code.user ?? []].flat();
  return html`
    <div class="card">
      ${facts([
        ["Promotion", html`<a href=${link(`/promotions/${promotion.id}`)}>${promotion.name}</a>`],
        ["Uses left", usesLeft(code)],
        ["Counts", code.consume_unit === "per_item" ? "each item of a cart" : "a cart as one use"],
        ...(users.length ? [/** @type {[string, any]} */ (["For", users.join(", ")])] : []),
        ["Made by", by],
        ["Made", time(code.meta.timestamps.created_at)],
        ["Works", html`until ${time(promotion.end)} in ${ZONE}`],
      ])}
    </div>
    ${usages.meta.results.total > 0 && usesTable("Uses of this code, newest first", usages.data)}
  `;
}
