// The parts that screens are made of. Each is a function of what it shows; none keeps anything.

import { html, signal } from "./html.js";
import { now } from "./clock.js";
import { ZONE, briefly, dayAndTime, inUtc, number } from "./format.js";
import { icon } from "./icons.js";
import { say } from "./say.js";
import { link } from "./router.js";

/** @typedef {import("./api.js").Refusal} Refusal */
/** @typedef {import("./words.js").Status} Status */

/** @param {Status} status */
export const pill = ({ word, tone, mark }) => html`<span class="pill ${tone}">${icon(mark)}${word}</span>`;

/** @param {string} moment @param {(moment: string) => string} [as] */
export const time = (moment, as = dayAndTime) =>
  html`<time datetime=${moment} title="${dayAndTime(moment)} in ${ZONE}, ${inUtc(moment)}">${as(moment)}</time>`;

/** @param {string} moment */
export const brief = (moment) => time(moment, briefly);

/**
 * @param {"info" | "warn" | "bad" | "good"} tone
 * @param {any} title
 * @param {any} [text]
 * @param {any} [action]
 */
export const notice = (tone, title, text, action) => html`
  <div class="notice ${tone}" role=${tone === "bad" ? "alert" : undefined}>
    ${icon(tone === "good" ? "check" : tone === "info" ? "info" : "warn")}
    <div><b>${title}</b>${text && html`<span>${text}</span>`}</div>
    ${action}
  </div>
`;

/** @param {Refusal} error */
export function explained(error) {
  if (error.status === 403) {
    return "The client that you signed in with may not do this. Ask your operator for one that may do everything.";
  }
  const [first] = error.faults;
  return ended(first?.detail ? `${first.title}: ${first.detail}` : (first?.title ?? ""));
}

/** A sentence with its full stop. @param {string} text */
export const ended = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

/**
 * What went wrong in the API's own words, and what to tell your operator.
 * @param {string} title
 * @param {Refusal} error
 * @param {{again?: () => void, retryAt?: number, hint?: string}} [more]
 */
export function failure(title, error, { again, retryAt, hint } = {}) {
  const wait = retryAt && Math.max(Math.ceil((retryAt - now.value) / 1000), 0);
  const told = error.status ? [error.status, error.requestId && `request ${error.requestId}`] : [];
  const text = html`
    ${explained(error)} ${hint} ${wait ? `Trying again in ${wait} s.` : ""}
    <span class="soft small">${told.filter(Boolean).join(" · ")}</span>
  `;
  return notice("bad", title, text, again && html`<button class="mini" type="button" onClick=${again}>Try again</button>`);
}

/**
 * A state of loading, of failure, or what there is; a failure leaves what was there before.
 * @template T
 * @param {import("./resource.js").Resource<T>} from
 * @param {string} failed
 * @param {(data: T) => any} show
 * @param {any} [waiting]
 */
export function shown(from, failed, show, waiting = skeleton()) {
  const { data, error, retryAt } = from.state.value;
  return html`
    ${error && failure(failed, error, { again: from.refresh, retryAt })}
    ${data !== undefined ? show(data) : !error && waiting}
  `;
}

const BONES = ["long", "short", "middle", "short"];

/** Rows that stand for those to come; the style sheet shows them after a third of a second. @param {number} [rows] */
export const skeleton = (rows = 5) => html`
  <div class="card skeleton" aria-busy="true">
    <span class="hidden">Loading</span>
    ${Array.from({ length: rows }, (_, row) => html`<span class="bone ${BONES[row % BONES.length]}"></span>`)}
  </div>
`;

/**
 * @param {import("./icons.js").IconName} mark
 * @param {string} title
 * @param {any} text
 * @param {any} [actions]
 */
export const empty = (mark, title, text, actions) => html`
  <div class="empty">
    ${icon(mark)}
    <h2>${title}</h2>
    <p>${text}</p>
    ${actions && html`<div class="row">${actions}</div>`}
  </div>
`;

/** @param {[string, any][]} pairs */
export const facts = (pairs) => html`
  <dl class="facts">${pairs.map(([term, value]) => html`<div key=${term}><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
`;

/** @param {string} text @param {string} [what] @param {boolean} [isWhole] */
export const copyable = (text, what = "the id", isWhole = false) => html`
  <button class="copy" type="button" aria-label="Copy ${what}" title=${text} onClick=${() => copy(text)}>
    <span>${isWhole ? text : `${text.slice(0, 8)}…`}</span>${icon("copy")}
  </button>
`;

/** @param {string} text */
async function copy(text) {
  await navigator.clipboard.writeText(text).then(
    () => say("Copied"),
    () => say("The browser did not let the page copy it"),
  );
}

/** @param {{text: string, href?: string}[]} steps */
export const crumbs = (steps) => html`
  <nav class="crumbs" aria-label="Where you are">
    ${steps.map(({ text, href }, at) => html`${at > 0 && " / "}<a href=${href}>${text}</a>`)}
  </nav>
`;

/**
 * @param {any} title
 * @param {{before?: any, mark?: any, after?: any, actions?: any}} [more]
 */
export const heading = (title, { before, mark, after, actions } = {}) => html`
  <div class="head">
    <div>
      ${before}
      <div class="title"><h1 tabindex="-1">${title}</h1>${mark}</div>
      ${after && html`<div class="soft small about">${after}</div>`}
    </div>
    ${actions && html`<div class="row">${actions}</div>`}
  </div>
`;

const FARTHEST = 10_000;

/**
 * @param {Listing<any>["meta"]} meta
 * @param {(offset: number) => string} to
 */
export function pager({ page: { limit, offset }, results: { total } }, to) {
  const last = Math.min(offset + limit, total);
  const next = offset + limit;
  const step = (/** @type {string} */ word, /** @type {number} */ target, /** @type {boolean} */ isThere) =>
    isThere
      ? html`<a class="button mini" href=${to(target)}>${word}</a>`
      : html`<span class="button mini none" aria-hidden="true">${word}</span>`;
  return html`
    <footer>
      <span>${total ? `${number(offset + 1)} – ${number(last)} of ${number(total)}` : "None"}</span>
      <nav class="row" aria-label="Pages">
        ${step("Previous", Math.max(offset - limit, 0), offset > 0)}
        ${step("Next", next, next < total && next <= FARTHEST)}
      </nav>
    </footer>
  `;
}

/** @param {string} path @param {Record<string, string | number | undefined>} query */
export const paged = (path, query) => (/** @type {number} */ offset) => link(path, { ...query, offset });

/**
 * @param {string} label
 * @param {{value: string, word: string}[]} choices
 * @param {string} value
 * @param {(value: string) => void} choose
 */
export const select = (label, choices, value, choose) => html`
  <select class="mini" aria-label=${label} value=${value}
    onChange=${(/** @type {{target: HTMLSelectElement}} */ { target }) => choose(target.value)}>
    ${choices.map((it) => html`<option key=${it.value} value=${it.value} selected=${it.value === value}>${it.word}</option>`)}
  </select>
`;

// Dialogs

/** @typedef {{title: string, body: () => any, opener: Element | null}} Dialog */

export const dialog = signal(/** @type {Dialog | null} */ (null));

/** @param {string} title @param {() => any} body */
export function ask(title, body) {
  const asked = { title, body, opener: document.activeElement };
  dialog.value = asked;
  return asked;
}

/** The focus goes back to where it was, or to the heading if that is gone. */
export function dismiss() {
  const opener = dialog.peek()?.opener;
  dialog.value = null;
  const back = opener instanceof HTMLElement && opener.isConnected ? opener : document.querySelector("h1");
  if (back instanceof HTMLElement) back.focus();
}

/** @param {HTMLDialogElement | null} element */
export function open(element) {
  if (element && !element.open) element.showModal();
}
