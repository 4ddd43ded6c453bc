// Generating codes: what to ask for, and beside it what it will give before anything is made.

import { DryRun } from "./dry-run.js";
import { counted, grouped, parsed } from "../format.js";
import { faultsOf, field, focusFault, grouping, onSubmit, press } from "../forms.js";
import { html, signal } from "../html.js";
import { operation, promotionOf } from "../resource.js";
import { guard } from "../router.js";
import {
  A_NUMBER,
  NAME,
  USES,
  WRONG_NUMBER,
  formHead,
  nameField,
  refused,
  starterOf,
  usesFields,
  usesOf,
} from "./job-form.js";
import { previewCard } from "./preview.js";

const DEFAULT_LENGTH = 8;
const NUMBER = "data.parameters.number_of_codes";
const PREFIX = "data.parameters.code_prefix";
const LENGTH = "data.parameters.code_length";
const AS_IT_IS = { spellcheck: false, autocapitalize: "none", autocomplete: "off" };

/** @typedef {import("./dry-run.js").Preview} Preview */

/** @typedef {import("./job-form.js").Uses & {count: string, name: string, prefix: string, length: number}} Filled */

/** @type {Filled} */
const AT_FIRST = {
  count: "1,000",
  name: "",
  prefix: "",
  length: DEFAULT_LENGTH,
  uses: "once",
  most: "10",
  unit: "per_cart",
};

/** The job that is asked for; null where a number is none. @param {Filled} filled */
function jobOf({ count, name, prefix, length, ...others }) {
  const wanted = parsed(count);
  const uses = usesOf(others);
  if (!(wanted >= 1) || !uses) return null;
  return {
    type: "promotion_job",
    job_type: "code_generate",
    name: name.trim() || undefined,
    parameters: {
      number_of_codes: wanted,
      code_prefix: prefix || undefined,
      code_length: length === DEFAULT_LENGTH ? undefined : length,
      ...uses,
    },
  };
}

/** @type {import("../screens.js").Open} */
export function generateScreen({ id = "" }) {
  const path = `v2/promotions/${id}/jobs`;
  const promotion = promotionOf(id);
  const filled = signal(AT_FIRST);
  const dry = new DryRun(path, () => jobOf(filled.value));
  const start = starterOf(id);
  const generating = operation(() => start(jobOf(filled.peek())));
  return {
    title: () => "Generate codes",
    close() {
      dry.close();
      promotion.close();
    },
    view() {
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      return html`${formHead("Generate codes", id, promotion)} ${form(id, it, filled, dry, generating)}`;
    },
  };
}

/**
 * @param {string} id
 * @param {Promotion | undefined} it
 * @param {import("../vendor/signals-core.module.js").Signal<Filled>} filled
 * @param {DryRun} dry
 * @param {ReturnType<typeof operation<[]>>} generating
 */
function form(id, it, filled, dry, generating) {
  const [preview, wanted] = [dry.preview.value, jobOf(filled.value)];
  const { error, isBusy } = generating.state.value;
  const { faults, others } = faultsOf(error ?? preview.error, [NUMBER, NAME, PREFIX, LENGTH, USES]);
  const set = (/** @type {Partial<Filled>} */ change) => {
    filled.value = { ...filled.peek(), ...change };
    guard.isDirty = () => true;
    if (error) generating.forget();
  };
  const send = async () => {
    if (wanted) await generating.start();
    if (!wanted || generating.state.peek().error) focusFault();
  };
  return html`
    <form class="split" onSubmit=${onSubmit(send)} novalidate>
      <div class="card">${fields(filled.value, set, { ...localFaults(filled.value), ...faults })}</div>
      <aside class="card stick" aria-labelledby="before">
        ${previewCard(preview, filled.value, wanted !== null, { id, promotion: it, again: dry.again })}
        ${error && others.length > 0 && refused(error, id, it)}
        ${press(buttonText(filled.value), { tone: "primary", isBusy, isOff: !error?.isPassing && !canBeMade(preview) })}
        <p class="hint centred">${addsTo(it)} Pressing twice makes one job.</p>
      </aside>
    </form>
  `;
}

/** What can be seen to be wrong without asking. @param {Filled} filled @returns {Record<string, string>} */
function localFaults(filled) {
  return {
    ...(!(parsed(filled.count) >= 1) && { [NUMBER]: WRONG_NUMBER }),
    ...(!usesOf(filled) && { [USES]: WRONG_NUMBER }),
  };
}

/** Whether the button is of use: without a preview it is, since only the answer tells. @param {Preview} preview */
function canBeMade({ forecast, error, isStale }) {
  if (isStale) return true;
  if (error) return error.isPassing;
  return Boolean(forecast?.meta.dry_run.lock_is_free && forecast.meta.dry_run.room_is_enough);
}

/** @param {Filled} filled */
function buttonText({ count }) {
  const wanted = parsed(count);
  return wanted >= 1 ? `Generate ${counted(wanted, "code")}` : "Generate codes";
}

/** @param {Promotion | undefined} it */
const addsTo = (it) =>
  it?.meta.codes.visible ? `Adds to the ${counted(it.meta.codes.visible, "code that is", "codes that are")} there.` : "";

/** @typedef {(change: Partial<Filled>) => void} Set */

/** @param {Filled} filled @param {Set} set @param {Record<string, string>} faults by the source that the API names */
export const fields = (filled, set, faults) => html`
  ${field("count", "How many", {
    value: filled.count,
    type: grouping((count) => set({ count }), grouped),
    fault: faults[NUMBER],
    more: { ...A_NUMBER, required: true },
  })}
  ${nameField(filled.name, set, faults)}
  ${shape(filled, set, faults)} ${usesFields(filled, set, faults)}
`;

/** @param {Filled} filled @param {Set} set @param {Record<string, string>} faults */
const shape = (filled, set, faults) => html`
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
