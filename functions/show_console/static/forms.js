// Fields with what is wrong with them: beside the field, read with it, and the first of them gets the focus.

import { offline } from "./api.js";
import { html } from "./html.js";
import { ended, icon } from "./view.js";

/** @typedef {import("./api.js").Refusal} Refusal */
/** @typedef {Record<string, string>} Faults source of a fault, as the API names it → its text */

/**
 * What is wrong, by the fields of a form; what belongs to none of them is in `others`.
 * @param {Refusal | undefined} error
 * @param {string[]} sources
 */
export function faultsOf(error, sources) {
  /** @type {Faults} */
  const faults = {};
  const others = [];
  for (const fault of error?.faults ?? []) {
    const source = sources.find((it) => fault.source === it || fault.source?.startsWith(`${it}.`));
    if (source) faults[source] ??= sentence(fault);
    else others.push(fault);
  }
  return { faults, others };
}

/** @param {Fault} fault */
const sentence = ({ title, detail }) => ended(detail ? `${detail[0]?.toUpperCase()}${detail.slice(1)}` : title);

/** After what was refused is shown. */
export function focusFault() {
  queueMicrotask(() => {
    const first = document.querySelector("[aria-invalid=true]");
    if (first instanceof HTMLElement) first.focus();
  });
}

/** @param {string} id @param {string | undefined} fault */
const faultText = (id, fault) =>
  html`<p class="fault" id="${id}-fault" hidden=${!fault}>${fault && html`${icon("warn")}<span>${fault}</span>`}</p>`;

/** @param {string} label @param {boolean | undefined} isOptional */
const labelText = (label, isOptional) =>
  html`${label} ${isOptional && html`<span class="soft optional">(optional)</span>`}`;

/**
 * A field of text: what is typed goes to `type`, with the element to restore the caret in.
 * @param {string} id
 * @param {string} label
 * @param {{value?: string, type: (value: string, element: HTMLInputElement) => void, fault?: string, hint?: any,
 *   isOptional?: boolean, kind?: string, more?: Record<string, unknown>}} given
 */
export function field(id, label, { value, type, fault, hint, isOptional, kind = "text", more = {} }) {
  const isLong = kind === "textarea";
  const attributes = {
    id,
    value,
    "aria-invalid": fault ? "true" : undefined,
    "aria-describedby": `${id}-fault ${hint ? `${id}-hint` : ""}`.trim(),
    onInput: (/** @type {{target: HTMLInputElement}} */ { target }) => type(target.value, target),
    ...more,
  };
  return html`
    <div class="field">
      <label for=${id}>${labelText(label, isOptional)}</label>
      ${isLong ? html`<textarea rows="6" spellcheck="false" ...${attributes}></textarea>` : html`<input type=${kind} ...${attributes} />`}
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`} ${faultText(id, fault)}
    </div>
  `;
}

/**
 * A number that is grouped while it is typed; the caret stays behind the digit that it was behind.
 * @param {(value: string) => void} set
 * @param {(text: string) => string} group
 */
export const grouping = (set, group) => (/** @type {string} */ value, /** @type {HTMLInputElement} */ element) => {
  const digits = value.slice(0, element.selectionStart ?? value.length).replace(/\D/g, "").length;
  set(group(value));
  let caret = 0;
  for (let left = digits; left > 0 && caret < element.value.length; caret += 1) {
    if (/\d/.test(element.value[caret] ?? "")) left -= 1;
  }
  if (group(value) !== value) element.setSelectionRange(caret, caret);
};

/**
 * @param {string} name
 * @param {string} legend
 * @param {{value: string, word: any}[]} choices
 * @param {string} value
 * @param {(value: string) => void} choose
 * @param {boolean} [isSilent] whether the legend is only read aloud
 */
export const choice = (name, legend, choices, value, choose, isSilent) => html`
  <fieldset class="field">
    <legend class=${isSilent ? "hidden" : undefined}>${legend}</legend>
    <div class="choices">
      ${choices.map(
        (it) => html`
          <label class="choice" key=${it.value}>
            <input type="radio" name=${name} value=${it.value} checked=${it.value === value} onChange=${() => choose(it.value)} />
            <span>${it.word}</span>
          </label>
        `,
      )}
    </div>
  </fieldset>
`;

/**
 * A button for a change: off while it is under way, though it keeps the focus, and without the network.
 * @param {any} label
 * @param {{run?: () => void, tone?: string, isBusy?: boolean, isOff?: boolean, why?: string, mark?: import("./view.js").IconName}} [given]
 * without `run` it sends its form
 */
export const press = (label, { run, tone = "", isBusy, isOff, why, mark } = {}) => html`
  <button
    class=${tone}
    type=${run ? "button" : "submit"}
    disabled=${isOff || offline.value !== null}
    aria-disabled=${isBusy ? "true" : undefined}
    aria-describedby=${why}
    onClick=${isBusy ? undefined : run}
  >
    ${isBusy ? html`<span class="spin" aria-hidden="true"></span>` : mark && icon(mark)}${label}
  </button>
`;

/** @param {() => void} send */
export const onSubmit = (send) => (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  send();
};
