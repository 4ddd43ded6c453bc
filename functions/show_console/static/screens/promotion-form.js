// A promotion as a form: a new one, or the settings of one that is there. Only what was changed is sent.

import { call } from "../api.js";
import { ZONE, counted, dayAndTime, dayOf, endOf, grouped, inUtc, number, parsed, scaled, startOf } from "../format.js";
import { choice, faultsOf, field, focusFault, grouping, onSubmit, press } from "../forms.js";
import { html, signal } from "../html.js";
import { operation, promotionOf } from "../resource.js";
import { go, guard, here, link } from "../router.js";
import { ask, crumbs, dismiss, heading, say, settle, skeleton, undone } from "../view.js";
import { PROMOTION_TYPES, asPart, currenciesOf, decimals, money, promotionName } from "../words.js";
import { promotionHead } from "./promotion.js";

const SOURCES = [
  "data.name",
  "data.description",
  "data.promotion_type",
  "data.schema",
  "data.start",
  "data.end",
  "data.max_codes",
];
const AMOUNT = "fixed_discount";
const PER_CENT = "percent_discount";
const OTHER = "other";
const PART_PLACES = 6;
const CURRENCIES = ["USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "SEK"];

/** @typedef {{name: string, description: string, kind: string, amount: string, currency: string, percentage: string, type: string, schema: string, start: string, end: string, most: string, enabled: boolean}} Filled */

/** @returns {Filled} */
const blank = () => ({
  name: "",
  description: "",
  kind: AMOUNT,
  amount: "",
  currency: "USD",
  percentage: "",
  type: "x_for_y",
  schema: "{}",
  start: "",
  end: "",
  most: "1,000",
  enabled: true,
});

/** The form of a promotion that is there. @param {Promotion} it @returns {Filled} */
function filledWith(it) {
  const [first, ...others] = currenciesOf(it);
  const isSimple = first && !others.length && Object.keys(it.schema).length === 1 && Object.keys(first).length === 2;
  const isAmount = isSimple && it.promotion_type === AMOUNT && isUnits(first.amount);
  const isPart = isSimple && it.promotion_type === PER_CENT && partOf(String(first.percentage)) === first.percentage;
  return {
    ...blank(),
    name: it.name,
    description: it.description,
    kind: isAmount ? AMOUNT : isPart ? PER_CENT : OTHER,
    currency: first?.currency ?? "USD",
    amount: isAmount ? (money(first.amount ?? 0, first.currency).split(" ")[0] ?? "") : "",
    percentage: isPart ? String(first.percentage) : "",
    type: it.promotion_type,
    schema: JSON.stringify(it.schema, null, 2),
    start: dayOf(it.start),
    end: dayOf(it.end),
    most: number(it.max_codes),
    enabled: it.enabled,
  };
}

/** Whether the form can show it as an amount. @param {number} [amount] */
const isUnits = (amount = 0) => Number.isSafeInteger(amount) && amount > 0;

/** Null where it is none. @param {string} text */
function partOf(text) {
  const value = scaled(text, PART_PLACES) / 10 ** PART_PLACES;
  return value > 0 && value <= 100 ? value : null;
}

/** What a code gives, as the API has it; null where a number or the JSON is none. @param {Filled} filled */
function given({ kind, amount, currency, percentage, type, schema }) {
  if (kind === AMOUNT) {
    const value = scaled(amount, decimals(currency));
    return isUnits(value)
      ? { promotion_type: AMOUNT, schema: { currencies: [{ currency, amount: value }] } }
      : null;
  }
  if (kind === PER_CENT) {
    const value = partOf(percentage);
    return value ? { promotion_type: PER_CENT, schema: { currencies: [{ currency, percentage: value }] } } : null;
  }
  try {
    return { promotion_type: type, schema: JSON.parse(schema) };
  } catch {
    return null;
  }
}

/** All members as they would be sent. @param {Filled} filled @returns {Record<string, unknown>} */
const membersOf = (filled) => ({
  name: filled.name.trim(),
  description: filled.description.trim(),
  ...given(filled),
  start: startOf(filled.start),
  end: endOf(filled.end),
  max_codes: parsed(filled.most),
  enabled: filled.enabled,
});

/** Whether the browser would send another number than the one that is written. @param {string} json */
function isRounded(json) {
  let isFound = false;
  JSON.parse(json, (_, value) => {
    isFound ||= typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
    return value;
  });
  return isFound;
}

/** What can be seen to be wrong without asking. @param {Filled} filled @param {Filled} before */
function localFaults(filled, before) {
  /** @type {Record<string, string>} */
  const faults = {};
  if (!filled.name.trim()) faults["data.name"] = "Give it a name.";
  if (!filled.start) faults["data.start"] = "Choose its first day.";
  if (!filled.end) faults["data.end"] = "Choose its last day.";
  if (filled.start && filled.end && filled.end < filled.start) faults["data.end"] = "The last day is before the first.";
  if (!(parsed(filled.most) >= 1)) faults["data.max_codes"] = "A whole number, at least 1.";
  if (!given(filled)) {
    faults["data.schema"] =
      { [AMOUNT]: `An amount above 0, written like ${(1000).toFixed(decimals(filled.currency))}.`, [PER_CENT]: "A number above 0, at most 100." }[filled.kind] ??
      "This is not JSON.";
  } else if (filled.kind === OTHER && filled.schema !== before.schema && isRounded(filled.schema)) {
    faults["data.schema"] = "A number in it has too many digits for a browser: write it as a text, in quotes.";
  }
  return faults;
}

/** The members that are not as they were. @param {Record<string, unknown>} next @param {Record<string, unknown>} last */
const changed = (next, last) =>
  Object.entries(next).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(last[name]));

/**
 * @param {Filled} start
 * @param {(filled: Filled, before: Filled) => Promise<Filled | void>} send
 * @param {string} [hint] for one who does not know whether it was saved
 */
function form(start, send, hint) {
  const before = signal(start);
  const filled = signal(start);
  const isTried = signal(false);
  const isHere = here();
  const sending = operation(async () => {
    const sent = filled.peek();
    const after = await send(sent, before.peek());
    if (!after || !isHere()) return;
    const typed = changed(filled.peek(), sent);
    guard.isDirty = () => typed.length > 0;
    [before.value, filled.value, isTried.value] = [after, { ...after, ...Object.fromEntries(typed) }, false];
  });
  /** @param {Partial<Filled>} change */
  const set = (change) => {
    filled.value = { ...filled.peek(), ...change };
    guard.isDirty = () => true;
    if (sending.state.peek().error) sending.forget();
  };
  const trySend = async () => {
    isTried.value = true;
    if (Object.keys(localFaults(filled.peek(), before.peek())).length) return focusFault();
    await sending.start();
    if (sending.state.peek().error) focusFault();
  };
  return {
    /** @param {string} word @param {any} beside @param {{start: string, end: string}} [stored] */
    view(word, beside, stored) {
      const { error, isBusy } = sending.state.value;
      const { faults, others } = faultsOf(error, SOURCES);
      const shown = { ...(isTried.value && localFaults(filled.value, before.value)), ...faults };
      return html`
        <form class="card" onSubmit=${onSubmit(trySend)} novalidate>
          ${error && others.length > 0 && undone("saved", error, hint)} ${fields(filled.value, set, shown, stored, before.value)}
          <div class="row">${press(word, { tone: "primary", isBusy })} ${beside}</div>
        </form>
      `;
    },
  };
}

/** @type {import("../screens.js").Open} */
export function newPromotionScreen() {
  const isHere = here();
  const made = form(blank(), async (filled) => {
    const { data } = await call("POST", "v2/promotions", { data: { type: "promotion", ...membersOf(filled) } });
    if (isHere()) go(`/promotions/${data.id}`);
    say("The promotion was created");
  }, "Look at the list before you press again: each press creates one.");
  const before = crumbs([{ text: "Promotions", href: link("/promotions") }]);
  return {
    title: () => "New promotion",
    view: () => html`
      ${heading("New promotion", { before })}
      ${made.view("Create the promotion", html`<a class="button quiet" href=${link("/promotions")}>Back</a>`)}
    `,
  };
}

/** @type {import("../screens.js").Open} */
export function settingsScreen({ id = "" }) {
  const path = `v2/promotions/${id}`;
  const promotion = promotionOf(id);
  /** @type {ReturnType<typeof form> | undefined} */
  let settings;
  const save = async (/** @type {Filled} */ filled, /** @type {Filled} */ before) => {
    const changes = Object.fromEntries(changed(membersOf(filled), membersOf(before)));
    const { data } = await call("PUT", path, { data: { type: "promotion", ...changes } });
    promotion.refresh();
    say("Saved");
    return filledWith(data);
  };
  return {
    title: () => `Settings – ${promotionName(promotion)}`,
    close: promotion.close,
    view() {
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      if (it) settings ??= form(filledWith(it), save);
      return html`
        ${promotionHead(promotion, "settings")}
        ${it && settings ? settings.view("Save", "", it) : !promotion.state.value.error && skeleton()}
        ${it && removal(it)}
      `;
    },
  };
}

/** @param {Promotion} it */
const removal = (it) => html`
  <section class="card" aria-labelledby="remove">
    <h2 id="remove">Delete the promotion</h2>
    <p class="soft">With its codes, jobs, files and the record of what was used. This cannot be undone.</p>
    <div class="row">
      ${press("Delete the promotion …", { tone: "danger", mark: "trash", isOff: Boolean(it.meta.codes.open_job), run: () => askToDelete(it) })}
      ${it.meta.codes.open_job && html`<span class="hint">A job runs in it: wait for its end, or cancel it.</span>`}
    </div>
  </section>
`;

/** As a person types it, who sees neither signs without a width nor how many blanks there are. @param {string} name */
const plain = (name) => name.normalize().replace(/\p{Cf}/gu, "").replace(/\s+/g, " ").trim();

/** @param {Promotion} it */
function askToDelete(it) {
  const typed = signal("");
  const isHere = here();
  const deleting = operation(async () => {
    await call("DELETE", `v2/promotions/${it.id}`);
    settle(mine);
    if (isHere()) go("/promotions");
    say("The promotion was deleted");
  });
  const mine = ask(`Delete “${asPart(it.name)}”?`, () => {
    const isSure = plain(typed.value) === plain(it.name);
    const { error, isBusy } = deleting.state.value;
    return html`
      <form onSubmit=${onSubmit(() => isSure && deleting.start())}>
        <p>Its ${counted(it.meta.codes.visible, "code stops working, and what was used of it", "codes stop working, and what was used of them")} is forgotten.</p>
        ${field("sure", "Type its name to go on", { value: typed.value, type: (value) => (typed.value = value), hint: it.name, more: { autocomplete: "off" } })}
        ${error && undone("deleted", error)}
        <footer>
          <button type="button" autofocus onClick=${dismiss}>Keep it</button>
          ${press("Delete it", { tone: "destroy", isBusy, isOff: !isSure })}
        </footer>
      </form>
    `;
  });
}

/**
 * @param {Filled} filled
 * @param {(change: Partial<Filled>) => void} set
 * @param {Record<string, string>} faults
 * @param {{start: string, end: string} | undefined} stored
 * @param {Filled} before
 */
const fields = (filled, set, faults, stored, before) => html`
  <div class="two">
    ${field("name", "Name", { value: filled.name, type: (name) => set({ name }), fault: faults["data.name"], more: { maxlength: 255, required: true, autocomplete: "off" } })}
    ${field("description", "Description", { value: filled.description, type: (description) => set({ description }), fault: faults["data.description"], isOptional: true, more: { autocomplete: "off" } })}
  </div>
  ${choice(
    "kind",
    "What a code gives",
    [
      { value: AMOUNT, word: "An amount off the cart" },
      { value: PER_CENT, word: "Per cent off the cart" },
      { value: OTHER, word: "Something else (JSON)" },
    ],
    filled.kind,
    (kind) => set({ kind }),
  )}
  ${gift(filled, set, faults["data.schema"] ?? faults["data.promotion_type"])}
  <div class="two">
    ${field("start", "First day", { value: filled.start, type: (start) => set({ start }), fault: faults["data.start"], kind: "date", more: { required: true } })}
    ${field("end", "Last day, included", { value: filled.end, type: (end) => set({ end }), fault: faults["data.end"], kind: "date", more: { required: true } })}
  </div>
  <p class="hint">${span(filled, stored, before)}</p>
  <div class="two">
    ${field("most", "Codes it may hold", {
      value: filled.most,
      type: grouping((most) => set({ most }), grouped),
      fault: faults["data.max_codes"],
      hint: "Up to 10,000,000. You can raise it later.",
      more: { inputmode: "numeric", autocomplete: "off", required: true },
    })}
    <label class="choice switch">
      <input type="checkbox" checked=${filled.enabled} onChange=${() => set({ enabled: !filled.enabled })} />
      <span>On from its first day to its last</span>
    </label>
  </div>
`;

/** When it runs, exactly, and whose time that is. @param {Filled} filled @param {{start: string, end: string} | undefined} stored @param {Filled} before */
function span(filled, stored, before) {
  const start = stored && filled.start === before.start ? stored.start : startOf(filled.start);
  const end = stored && filled.end === before.end ? stored.end : endOf(filled.end);
  if (!start || !end) return `Days are those of your time zone, ${ZONE}. The whole last day counts.`;
  return `From ${dayAndTime(start)} to ${dayAndTime(end)} in ${ZONE}, which is ${inUtc(start)} to ${inUtc(end)}.`;
}

/** @param {Filled} filled @param {(change: Partial<Filled>) => void} set @param {string | undefined} fault */
function gift(filled, set, fault) {
  if (filled.kind === OTHER) {
    return html`
      ${list("type", "Kind", PROMOTION_TYPES, filled.type, (type) => set({ type }))}
      ${field("schema", "What it gives, as your shop reads it", { value: filled.schema, type: (schema) => set({ schema }), fault, kind: "textarea", hint: "The member “schema” of the API, kept as it is.", more: { class: "mono" } })}
    `;
  }
  const currencies = CURRENCIES.includes(filled.currency) ? CURRENCIES : [filled.currency, ...CURRENCIES];
  return html`
    <div class="two">
      ${
        filled.kind === AMOUNT
          ? field("amount", "Amount", {
              value: filled.amount,
              type: (amount) => set({ amount }),
              fault,
              more: { inputmode: "decimal", autocomplete: "off" },
            })
          : field("percentage", "Per cent", {
              value: filled.percentage,
              type: (percentage) => set({ percentage }),
              fault,
              more: { inputmode: "decimal", autocomplete: "off" },
            })
      }
      ${list(
        "currency",
        "Currency",
        currencies.map((value) => ({ value, word: value })),
        filled.currency,
        (currency) => set({ currency }),
      )}
    </div>
  `;
}

/** @param {string} id @param {string} label @param {{value: string, word: string}[]} choices @param {string} value @param {(value: string) => void} choose */
const list = (id, label, choices, value, choose) => html`
  <div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${(/** @type {{target: HTMLSelectElement}} */ { target }) => choose(target.value)}>
      ${choices.map((it) => html`<option key=${it.value} value=${it.value} selected=${it.value === value}>${it.word}</option>`)}
    </select>
  </div>
`;
