// What the forms that start a job share: its name, how often a code can be used, and why it was not started.

import { call, keyOfContent } from "../api.js";
import { grouped, parsed } from "../format.js";
import { choice, field, grouping } from "../forms.js";
import { html } from "../html.js";
import { go, here, link } from "../router.js";
import { crumbs, failure, heading, isUnsure, notice, say } from "../view.js";
import { jobName, jobStatus, promotionName } from "../words.js";

export const NAME = "data.name";
export const USES = "data.parameters.max_uses_per_code";
export const WRONG_NUMBER = "A whole number, at least 1.";
export const A_NUMBER = { inputmode: "numeric", autocomplete: "off" };

/**
 * Numbers as they were typed.
 * @typedef {object} Uses
 * @property {string} uses
 * @property {string} most
 * @property {"per_cart" | "per_item"} unit
 */

/** The parameters of the job; null where the number is none. @param {Uses} filled */
export function usesOf({ uses, most, unit }) {
  const several = uses === "several" ? parsed(most) : 1;
  if (!(several >= 1)) return null;
  return {
    max_uses_per_code: uses === "unlimited" ? undefined : several,
    consume_unit: unit === "per_cart" ? undefined : unit,
  };
}

/** @typedef {(change: {name?: string} & Partial<Uses>) => void} Set */
/** @typedef {Record<string, string>} Faults by the source that the API names */

/** @param {string} name @param {Set} set @param {Faults} faults */
export const nameField = (name, set, faults) =>
  field("name", "Name of this job", {
    value: name,
    type: (value) => set({ name: value }),
    fault: faults[NAME],
    isOptional: true,
    hint: "So that you find it again. Not part of the codes.",
    more: { maxlength: 50, autocomplete: "off" },
  });

const HOW_OFTEN = [
  { value: "once", word: "Once" },
  { value: "several", word: "Several times" },
  { value: "unlimited", word: "Without a limit" },
];
const UNITS = [
  { value: "per_cart", word: "A cart" },
  { value: "per_item", word: "An item in it" },
];
const WHAT_COUNTS = "What counts as one use";

/** @param {Uses} filled @param {Set} set @param {Faults} faults */
export const usesFields = (filled, set, faults) => html`
  ${choice("uses", "How often each can be used", HOW_OFTEN, filled.uses, (uses) => set({ uses }))}
  ${
    filled.uses === "several" &&
    field("most", "How many times", {
      value: filled.most,
      type: grouping((most) => set({ most }), grouped),
      fault: faults[USES],
      more: A_NUMBER,
    })
  }
  <details>
    <summary class="small">More: what counts as one use</summary>
    ${choice("unit", WHAT_COUNTS, UNITS, filled.unit, (unit) => set({ unit: unit === "per_item" ? unit : "per_cart" }), true)}
  </details>
`;

/** Starts jobs, one for the same content, and goes to where each is seen. @param {string} id of the promotion */
export function starterOf(id) {
  const [isHere, key] = [here(), keyOfContent()];
  return async (/** @type {unknown} */ data) => {
    const made = /** @type {One<Job>} */ (await call("POST", `v2/promotions/${id}/jobs`, { data, key: key(data) }));
    if (isHere()) go(`/promotions/${id}/jobs/${made.data.id}`);
    else say(`${jobName(made.data)}: ${jobStatus(made.data).word}`);
  };
}

/** @param {string} title @param {string} id @param {import("../resource.js").Resource<One<Promotion>>} promotion */
export function formHead(title, id, promotion) {
  const { error } = promotion.state.value;
  const before = crumbs([
    { text: "Promotions", href: link("/promotions") },
    { text: promotionName(promotion), href: link(`/promotions/${id}`) },
  ]);
  return html`
    ${heading(title, { before })}
    ${error && failure("The promotion could not be loaded", error, { again: promotion.refresh })}
  `;
}

/** @param {string} id of the promotion @param {Promotion | undefined} it @param {string} text */
export function locked(id, it, text) {
  const open = it?.meta.codes.open_job;
  const see = link(open ? `/promotions/${id}/jobs/${open}` : `/promotions/${id}`);
  return notice(
    "warn",
    "Another job runs in this promotion",
    `A promotion runs one job at a time. ${text}`,
    html`<a class="button mini" href=${see}>See it</a>`,
  );
}

/** Why no job was started. @param {import("../api.js").Refusal} error @param {string} id @param {Promotion | undefined} it */
export function refused(error, id, it) {
  if (error.faults[0]?.title === "Too many jobs") return locked(id, it, "");
  if (!isUnsure(error)) return failure("No job was started", error);
  const hint = "It may have begun all the same. Press again: the same request makes one job.";
  return failure("It is not known whether the job was started", error, { hint });
}
