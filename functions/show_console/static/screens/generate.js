// Generating codes: what to ask for, and beside it what it will give before anything is made.

import { call, get, keyOfContent } from "../api.js";
import { DryRun } from "./dry-run.js";
import { counted, grouped, parsed } from "../format.js";
import { choice, faultsOf, field, focusFault, grouping, onSubmit, press } from "../forms.js";
import { html, signal } from "../html.js";
import { operation, resource } from "../resource.js";
import { go, guard, link } from "../router.js";
import { crumbs, failure, heading, notice } from "../view.js";
import { previewCard } from "./preview.js";

const DEFAULT_LENGTH = 8;
const WRONG_NUMBER = "A whole number, at least 1.";
const NUMBER = "data.parameters.number_of_codes";
const NAME = "data.name";
const PREFIX = "data.parameters.code_prefix";
const LENGTH = "data.parameters.code_length";
const USES = "data.parameters.max_uses_per_code";
const AS_IT_IS = { spellcheck: false, autocapitalize: "none", autocomplete: "off" };
const A_NUMBER = { inputmode: "numeric", autocomplete: "off" };

/** @typedef {import("./dry-run.js").Preview} Preview */
/** @typedef {import("../api.js").Refusal} Refusal */

/**
 * What is filled in, numbers as they were typed.
 * @typedef {object} Filled
 * @property {string} count
 * @property {string} name
 * @property {string} prefix
 * @property {number} length
 * @property {string} uses
 * @property {string} most
 * @property {"per_cart" | "per_item"} unit
 */

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
function jobOf({ count, name, prefix, length, uses, most, unit }) {
  const wanted = parsed(count);
  const several = uses === "several" ? parsed(most) : 1;
  if (!(wanted >= 1) || !(several >= 1)) return null;
  return {
    type: "promotion_job",
    job_type: "code_generate",
    name: name.trim() || undefined,
    parameters: {
      number_of_codes: wanted,
      code_prefix: prefix || undefined,
      code_length: length === DEFAULT_LENGTH ? undefined : length,
      max_uses_per_code: uses === "unlimited" ? undefined : several,
      consume_unit: unit === "per_cart" ? undefined : unit,
    },
  };
}

/** @type {import("../screens.js").Open} */
export function generateScreen({ id = "" }) {
  const path = `v2/promotions/${id}/jobs`;
  const promotion = resource((aborted) => get(`v2/promotions/${id}`, { signal: aborted }));
  const filled = signal(AT_FIRST);
  const key = keyOfContent();
  const dry = new DryRun(path, () => jobOf(filled.value));
  const generating = operation(async () => {
    const data = jobOf(filled.peek());
    const made = await call("POST", path, { data, key: key(data) });
    go(`/promotions/${id}/jobs/${made.data.id}`);
  });
  return {
    title: () => "Generate codes",
    close() {
      dry.close();
      promotion.close();
    },
    view() {
      const { error } = promotion.state.value;
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      const before = crumbs([
        { text: "Promotions", href: link("/promotions") },
        { text: it?.name ?? "Promotion", href: link(`/promotions/${id}`) },
      ]);
      return html`
        ${heading("Generate codes", { before })}
        ${error && failure("The promotion could not be loaded", error, { again: promotion.refresh })}
        ${form(id, it, filled, dry, generating)}
      `;
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
        ${previewCard(preview, filled.value, wanted !== null, it, dry.again)}
        ${error && others.length > 0 && refused(error, id, it)}
        ${press(buttonText(filled.value), { tone: "primary", isBusy, isOff: !error?.isPassing && !canBeMade(preview) })}
        <p class="hint centred">${addsTo(it)} Pressing twice makes one job.</p>
      </aside>
    </form>
  `;
}

/** What can be seen to be wrong without asking. @param {Filled} filled @returns {Record<string, string>} */
function localFaults({ count, uses, most }) {
  return {
    ...(!(parsed(count) >= 1) && { [NUMBER]: WRONG_NUMBER }),
    ...(uses === "several" && !(parsed(most) >= 1) && { [USES]: WRONG_NUMBER }),
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
  it?.meta.codes.visible ? `Adds to the ${counted(it.meta.codes.visible, "code")} that are there.` : "";

/** @param {Refusal} error @param {string} id @param {Promotion | undefined} it */
function refused(error, id, it) {
  if (error.faults[0]?.title === "Too many jobs") {
    const open = it?.meta.codes.open_job;
    const see = link(open ? `/promotions/${id}/jobs/${open}` : `/promotions/${id}`);
    const button = html`<a class="button mini" href=${see}>See it</a>`;
    return notice("warn", "Another job runs in this promotion", "A promotion runs one job at a time.", button);
  }
  const isUnsure = error.status === 0 || error.status >= 500;
  const hint = isUnsure ? "It may have begun all the same. Press again: the same request makes one job." : undefined;
  return failure(isUnsure ? "It is not known whether the job was started" : "No job was started", error, { hint });
}

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
  ${shape(filled, set, faults)} ${uses(filled, set, faults)} ${unitChoice(filled, set)}
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

const HOW_OFTEN = [
  { value: "once", word: "Once" },
  { value: "several", word: "Several times" },
  { value: "unlimited", word: "Without a limit" },
];

/** @param {Filled} filled @param {Set} set @param {Record<string, string>} faults */
const uses = (filled, set, faults) => html`
  ${choice("uses", "How often each can be used", HOW_OFTEN, filled.uses, (value) => set({ uses: value }))}
  ${
    filled.uses === "several" &&
    field("most", "How many times", {
      value: filled.most,
      type: grouping((most) => set({ most }), grouped),
      fault: faults[USES],
      more: A_NUMBER,
    })
  }
`;

const UNITS = [
  { value: "per_cart", word: "A cart" },
  { value: "per_item", word: "An item in it" },
];
const WHAT_COUNTS = "What counts as one use";

/** @param {Filled} filled @param {Set} set */
function unitChoice(filled, set) {
  const choose = (/** @type {string} */ value) => set({ unit: value === "per_item" ? value : "per_cart" });
  return html`
    <details>
      <summary class="small">More: what counts as one use</summary>
      ${choice("unit", WHAT_COUNTS, UNITS, filled.unit, choose, true)}
    </details>
  `;
}
