// What was used: a picture of the last days, and every use, newest first.

import { Refusal, get } from "../api.js";
import { columns } from "../chart.js";
import { counted, number } from "../format.js";
import { html, signal } from "../html.js";
import { resource } from "../resource.js";
import { link } from "../router.js";
import { FARTHEST, brief, empty, notice, paged, pager, pill, shown } from "../view.js";
import { promotionName } from "../words.js";
import { promotionHead } from "./promotion.js";

const DAYS = 14;
const COUNTED = 10_100;
const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** @type {Record<string, import("../words.js").Status>} */
const STATUS = {
  redeemed: { word: "Used", tone: "good", mark: "check" },
  held: { word: "Held", tone: "busy", mark: "clock" },
  rolled_back: { word: "Given back", tone: "", mark: "undo" },
};

/** @typedef {{name: string, value: number | undefined, text: string}} Day */

/** @type {import("../screens.js").Open} */
export function usesScreen({ id = "" }, query) {
  const offset = Number(query.get("offset") ?? 0);
  const promotion = resource((aborted) => get(`v2/promotions/${id}`, { signal: aborted }));
  const usages = resource((aborted) =>
    get(`v2/promotions/${id}/usages`, { query: { "page[offset]": offset }, signal: aborted }),
  );
  const days = signal(/** @type {Day[]} */ ([]));
  const counting = new AbortController();
  countDays(id, days, counting.signal);
  return {
    title: () => `Uses – ${promotionName(promotion)}`,
    close() {
      counting.abort();
      promotion.close();
      usages.close();
    },
    view: () => html`
      ${promotionHead(promotion, "uses")}
      ${shown(usages, "The uses could not be loaded", (page) => (page.meta.results.total ? list(id, page, days.value) : nothing()))}
    `,
  };
}

/**
 * How much was used on each of the last days of the viewer's zone: only totals are asked for, one day after the other.
 * @param {string} id
 * @param {import("../vendor/signals-core.module.js").Signal<Day[]>} days
 * @param {AbortSignal} aborted
 */
async function countDays(id, days, aborted) {
  const today = new Date();
  const starts = Array.from(
    { length: DAYS + 1 },
    (_, at) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS + 1 + at),
  );
  days.value = starts.slice(0, DAYS).map((start) => ({ name: SHORT.format(start), value: undefined, text: "…" }));
  try {
    for (let at = DAYS - 1; at >= 0; at -= 1) {
      const [from, to] = [starts[at], starts[at + 1]].map((it) => it?.toISOString());
      const filter = `ge(used_on,${from}):lt(used_on,${to})`;
      const page = await get(`v2/promotions/${id}/usages`, { query: { filter, "page[limit]": 1 }, signal: aborted });
      const { total } = page.meta.results;
      const text = total >= COUNTED ? `${number(COUNTED)} or more` : counted(total, "use");
      days.value = days.peek().map((day, index) => (index === at ? { ...day, value: total, text } : day));
    }
  } catch (error) {
    // The list says what is wrong, and the picture stays without what is missing.
    if (!aborted.aborted && !(error instanceof Refusal)) throw error;
  }
}

const nothing = () => html`
  <div class="card">
    ${empty("ticket", "Nothing was used yet", "Each use is here as soon as your shop redeems a code.")}
  </div>
`;

/** @param {string} id @param {Listing<Usage>} page @param {Day[]} days */
function list(id, page, days) {
  const known = days.filter((day) => day.value !== undefined);
  const sum = known.reduce((all, day) => all + (day.value ?? 0), 0);
  const more = known.some((day) => (day.value ?? 0) >= COUNTED) ? " or more" : "";
  const label = `Uses on each of the last ${DAYS} days: ${known.map((day) => `${day.name} ${day.text}`).join(", ")}`;
  return html`
    ${
      page.meta.results.total >= COUNTED &&
      notice(
        "info",
        `${number(COUNTED)} uses or more`,
        `They are not counted further, and this list goes as far as the newest ${number(FARTHEST)}.`,
      )
    }
    <section class="card" aria-labelledby="days">
      <header><h2 id="days">Uses a day</h2>${known.length > 0 && html`<span class="small soft">${counted(sum, "use")}${more} in the last ${counted(known.length, "day")}</span>`}</header>
      ${columns(label, days)}
    </section>
    ${usesTable("Uses, newest first", page.data, pager(page.meta, paged(`/promotions/${id}/uses`, {})))}
  `;
}

/** @param {string} caption @param {Usage[]} usages @param {any} [footer] */
export const usesTable = (caption, usages, footer) => html`
  <section class="card flush" aria-label=${caption}>
    <div class="wide">
      <table class="cards">
        <caption class="hidden">${caption}</caption>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">Order</th>
            <th scope="col">Customer</th>
            <th scope="col" class="num">Counted</th>
            <th scope="col">On</th>
          </tr>
        </thead>
        <tbody>
          ${usages.map(
            (it) => html`
              <tr key=${it.id}>
                <td><a class="name" href=${link("/code", { q: it.code })}><code>${it.code}</code></a></td>
                <td class="mark">${pill(STATUS[it.status] ?? { word: it.status, tone: "", mark: "info" })}</td>
                <td class="small">${it.order_id}</td>
                <td class="small">${it.customer_id ?? html`<span class="soft">not told</span>`}</td>
                <td class="num nowrap">${counted(it.times_used, "use")}</td>
                <td class="small soft nowrap">${brief(it.used_on)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
    ${footer}
  </section>
`;
