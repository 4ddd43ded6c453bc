// The API's words as a manager reads them: states, kinds of jobs, what a code gives.

import { counted, number } from "./format.js";

/** @typedef {import("./view.js").IconName} IconName */
/** @typedef {{word: string, tone: string, mark: IconName}} Status */

/** @type {Record<string, Status>} */
const JOB_STATUS = {
  pending: { word: "Waiting", tone: "", mark: "clock" },
  processing: { word: "Running", tone: "busy", mark: "bolt" },
  completed: { word: "Completed", tone: "good", mark: "check" },
  failed: { word: "Failed", tone: "bad", mark: "warn" },
  cancelling: { word: "Cancelling", tone: "warn", mark: "undo" },
  cancelled: { word: "Cancelled", tone: "", mark: "undo" },
};

/**
 * `made` is what its bar shows, `unit` what its progress counts; `past` is how its codes came, if it has any.
 * @typedef {{word: string, doing: string, made: string, mark: IconName, unit: string, past?: string}} Kind
 */

/** @type {Record<string, Kind>} */
export const KINDS = {
  code_generate: { word: "Generate", doing: "Generating", made: "Codes made", mark: "ticket", unit: "code", past: "made" },
  code_import: { word: "Import", doing: "Importing", made: "Rows read", mark: "up", unit: "row", past: "imported" },
  code_export: { word: "Export", doing: "Exporting", made: "Codes written", mark: "down", unit: "code" },
  code_delete: { word: "Delete", doing: "Deleting", made: "Codes deleted", mark: "trash", unit: "code" },
};

/** @type {Kind} */
const UNKNOWN = { word: "", doing: "Running", made: "Done", mark: "info", unit: "code" };

export const STATUSES = Object.entries(JOB_STATUS).map(([value, { word }]) => ({ value, word }));

/** @param {{status: string}} job */
export const isOpen = (job) => ["pending", "processing", "cancelling"].includes(job.status);

/** @param {Job} job @returns {Status} */
export const jobStatus = (job) => JOB_STATUS[job.status] ?? { word: job.status, tone: "", mark: "info" };

const TURN = /[\u202A-\u202E\u2066-\u2069]/g;
const TURNED = /[\u0590-\u08FF\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFC]/;

/** A name in a line of ours: where it is written from right to left, that turns nothing beside it. @param {string} name */
export const asPart = (name) => (TURNED.test(name) ? `\u2068${name.replace(TURN, "")}\u2069` : name);

/** @param {Job} job */
export const jobName = (job) => asPart(job.name || `${kindOf(job).word} job without a name`);

/** @param {import("./resource.js").Resource<One<Promotion>>} promotion */
export const promotionName = ({ state }) => asPart(state.value.data?.data.name ?? "Promotion");

/** @param {Job} job @returns {Kind} */
export const kindOf = (job) => KINDS[job.job_type] ?? { ...UNKNOWN, word: job.job_type };

/** @param {Promotion} it @param {number} at @returns {Status} */
export function promotionStatus(it, at) {
  if (Date.parse(it.end) <= at) return { word: "Ended", tone: "", mark: "check" };
  if (!it.enabled) return { word: "Off", tone: "", mark: "cross" };
  if (Date.parse(it.start) > at) return { word: "Scheduled", tone: "", mark: "clock" };
  return { word: "Live", tone: "good", mark: "check" };
}

/** @type {Record<string, string>} */
const TYPES = {
  fixed_discount: "An amount off the cart",
  percent_discount: "Per cent off the cart",
  item_fixed_discount: "An amount off items",
  item_percent_discount: "Per cent off items",
  x_for_y: "X for the price of Y",
  x_for_amount: "X for an amount",
  bundle_fixed_discount: "An amount off a bundle",
  bundle_gift: "A gift with a bundle",
};

export const PROMOTION_TYPES = Object.entries(TYPES).map(([value, word]) => ({ value, word }));

/**
 * What it gives in each currency, as far as that can be told: the API keeps a schema as it is.
 * @param {Promotion} it
 */
export function currenciesOf({ schema: { currencies } }) {
  const all = Array.isArray(currencies) ? currencies : [];
  return all.every((given) => typeof given?.currency === "string") ? all : [];
}

/** What a code of the promotion gives, in a few words. @param {Promotion} it */
export function gives(it) {
  const [first, ...others] = currenciesOf(it);
  const more = others.length ? ` (and ${counted(others.length, "other currency", "other currencies")})` : "";
  if (it.promotion_type === "fixed_discount" && typeof first?.amount === "number") {
    return `${money(first.amount, first.currency)} off the cart${more}`;
  }
  if (it.promotion_type === "percent_discount" && typeof first?.percentage === "number") return `${first.percentage} % off the cart`;
  return TYPES[it.promotion_type] ?? it.promotion_type;
}

/** How many decimals a currency has: none of a yen, two of a euro. @param {string} currency */
export function decimals(currency) {
  try {
    const style = /** @type {const} */ ({ style: "currency", currency });
    return new Intl.NumberFormat("en-US", style).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** @param {number} amount in the smallest unit @param {string} currency */
export function money(amount, currency) {
  const places = decimals(currency);
  return `${(amount / 10 ** places).toFixed(places)} ${currency}`;
}

/** @param {{max_uses?: number, uses?: number}} code */
export function usesLeft(code) {
  if (code.max_uses === undefined) return "no limit";
  return `${number(code.uses ?? code.max_uses)} of ${number(code.max_uses)}`;
}

/** How a code of a job looks, with a dot for each symbol. @param {GenerateParameters} asked */
export function formOf(asked) {
  const groups = "•".repeat(asked.code_length ?? 8).match(/.{1,4}/g) ?? [];
  const prefix = asked.code_prefix ?? "";
  return `${prefix}${prefix && !prefix.endsWith("-") ? "-" : ""}${groups.join("-")}`;
}
