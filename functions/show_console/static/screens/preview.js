// What a generate job will give, before anything is made: form, guessing odds, time, cost and room.

import { counted, dollars, duration, number } from "../format.js";
import { html } from "../html.js";
import { link } from "../router.js";
import { failure, icon, notice } from "../view.js";
import { formOf } from "../words.js";
import { locked } from "./job-form.js";

const WAITS = "The button works when that one has ended.";
const SYMBOLS = 27;
const MOST_SYMBOLS = 16;
const [LEAST_POWER, MOST_POWER] = [4, 12];

/**
 * @param {import("./dry-run.js").Preview} preview
 * @param {import("./generate.js").Filled} filled
 * @param {boolean} isClear whether there is something to ask for
 * @param {{id: string, promotion: Promotion | undefined, again: () => void}} more
 */
export function previewCard({ forecast, error, isStale }, filled, isClear, { id, promotion, again }) {
  const examples = (!isStale && forecast?.meta.example_codes) || [];
  const form = formOf({ number_of_codes: 1, code_length: filled.length, code_prefix: filled.prefix || undefined });
  const isUnreachable = error && (error.isPassing || error.status === 403 || error.status === 404);
  return html`
    <h2 id="before">Before anything is made</h2>
    <div class="sample ${isStale ? "stale" : ""}">
      <b>${examples[0] ?? form}</b>
      ${[1, 2].map((at) => html`<span key=${at}>${examples[at] ?? form}</span>`)}
    </div>
    <p class="hint centred">Examples of the form, not codes of yours. No 0 1 i l o, and no vowels.</p>
    ${isUnreachable && failure("There is no preview", error, { again })}
    ${error && !isUnreachable && refusal(error)}
    ${forecast && isClear && lines(forecast, filled, promotion, isStale)}
    ${forecast && !forecast.meta.dry_run.lock_is_free && locked(id, promotion, WAITS)}
  `;
}

/** @param {import("../api.js").Refusal} error */
const refusal = (error) =>
  notice(
    "bad",
    error.faults[0]?.title,
    error.faults.map((fault) => html`<span key=${fault.detail}>${fault.detail}</span>`),
  );

/**
 * @param {Forecast} forecast
 * @param {import("./generate.js").Filled} filled
 * @param {Promotion | undefined} promotion
 * @param {boolean} isStale
 */
function lines({ meta: { guess_odds: told = "", dry_run: dry } }, filled, promotion, isStale) {
  const odds = Number(told.replace(/^1 in |,/g, ""));
  const cost = dry.estimated_cost;
  const more = filled.length < MOST_SYMBOLS ? `With ${filled.length + 1} symbols: 1 in ${number(odds * SYMBOLS)}.` : "";
  const excess = dry.codes - dry.room;
  return html`
    <dl class="lines ${isStale ? "stale" : ""}" aria-busy=${isStale}>
      ${line("dice", "A guess hits a code", told, html`${scale(odds)}Easier than 1 in 100,000 is refused, unless your operator chose otherwise. ${more}`)}
      ${line("clock", "It takes", `about ${duration(dry.estimated_seconds)}`, "From the press until all can be used. Longer while other jobs run.")}
      ${line("coin", "It costs", dollars(cost.amount), `Of your AWS bill: ${cost.region}, on demand, prices of ${cost.prices_of}.`)}
      ${
        dry.room_is_enough
          ? line(
              "room",
              "Room left after",
              number(dry.room - dry.codes),
              promotion &&
                `The promotion holds ${number(promotion.meta.codes.in_use)} of ${number(promotion.max_codes)}.`,
            )
          : line(
              "room",
              "Room left after",
              `${number(excess)} too many`,
              html`There is room for ${counted(dry.room, "code")}. Ask for fewer, or raise it in the ${promotion && html`<a href=${link(`/promotions/${promotion.id}/settings`)}>settings</a>`}.`,
              "bad",
            )
      }
    </dl>
  `;
}

/** @param {import("../view.js").IconName} mark @param {string} term @param {string} value @param {any} note @param {string} [tone] */
const line = (mark, term, value, note, tone = "") => html`
  <div class=${tone} key=${term}>
    <dt>${icon(mark)}${term}</dt>
    <dd>${value}</dd>
    <dd class="note">${note}</dd>
  </div>
`;

/** Where the odds are between 1 in 10,000 and 1 in 10¹². @param {number} odds */
function scale(odds) {
  const share = (Math.log10(Math.max(odds, 1)) - LEAST_POWER) / (MOST_POWER - LEAST_POWER);
  const at = Math.min(Math.max(share, 0.02), 0.98) * 100;
  return html`
    <svg class="scale" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="easy" width="12.5" height="6" />
      <rect class="fair" x="12.5" width="12.5" height="6" />
      <rect class="hard" x="25" width="75" height="6" />
      <rect class="at" x=${at - 0.6} width="1.2" height="6" />
    </svg>
  `;
}
