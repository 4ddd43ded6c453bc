// The fields of the form that asks for codes.

import { html } from "../html.js";
import { grouped } from "../format.js";
import { choice, field, grouping } from "../forms.js";

export const NUMBER = "data.parameters.number_of_codes";
export const NAME = "data.name";
export const PREFIX = "data.parameters.code_prefix";
export const LENGTH = "data.parameters.code_length";
export const USES = "data.parameters.max_uses_per_code";

const AS_IT_IS = { spellcheck: false, autocapitalize: "none", autocomplete: "off" };
const A_NUMBER = { inputmode: "numeric", autocomplete: "off" };

/** @typedef {import("./generate.js").Filled} Filled */
/** @typedef {(change: Partial<Filled>) => void} Set */

/** @param {Filled} filled @param {Set} set @param {Record<string, string>} faults by the source that the API names */
export const fields = (filled, set, faults) => html`
  ${field("count", "How many", {
    value: filled.count,
    type: grouping((count) => set({ count }), grouped),
    fault: faults[NUMBER],
    more: { ...A_NUMBER, required: true },
  })}
  ${field("name", "Name of this job", {
    value: filled.name,
    type: (name) => set({ name }),
    fault: faults[NAME],
    isOptional: true,
    hint: "So that you find it again. Not part of the codes.",
    more: { maxlength: 50, autocomplete: "off" },
  })}
  ${form(filled, set, faults)} ${uses(filled, set, faults)} ${unit(filled, set)}
`;

/** @param {Filled} filled @param {Set} set @param {Record<string, string>} faults */
const form = (filled, set, faults) => html`
  <div class="two">
    ${field("prefix", "Begins with", {
      value: filled.prefix,
      type: (prefix) => set({ prefix }),
      fault: faults[PREFIX],
      isOptional: true,
      hint: "Letters, digits, - and _",
      more: { ...AS_IT_IS, maxlength: 32, class: "mono" },
    })}
    ${field("length", `Symbols to guess: ${filled.length}`, {
      value: String(filled.length),
      type: (length) => set({ length: Number(length) }),
      fault: faults[LENGTH],
      kind: "range",
      hint: "8 to 16, without the dashes",
      more: { min: 8, max: 16, step: 1 },
    })}
  </div>
`;

const HOW_OFTEN = [
  { value: "once", word: "Once" },
  { value: "several", word: "Several times" },
  { value: "unlimited", word: "Without a limit" },
];

/** @param {Filled} filled @param {Set} set @param {Record<string, string>} faults */
const uses = (filled, set, faults) => html`
  ${choice("uses", "How often each can be used", HOW_OFTEN, filled.uses, (value) => set({ uses: value }))}
  ${filled.uses === "several" &&
  field("most", "How many times", {
    value: filled.most,
    type: grouping((most) => set({ most }), grouped),
    fault: faults[USES],
    more: A_NUMBER,
  })}
`;

const UNITS = [
  { value: "per_cart", word: "A cart" },
  { value: "per_item", word: "An item in it" },
];
const WHAT_COUNTS = "What counts as one use";

/** @param {Filled} filled @param {Set} set */
function unit(filled, set) {
  const choose = (/** @type {string} */ value) => set({ unit: value === "per_item" ? value : "per_cart" });
  return html`
    <details>
      <summary class="small">More: what counts as one use</summary>
      ${choice("unit", WHAT_COUNTS, UNITS, filled.unit, choose, true)}
    </details>
  `;
}
