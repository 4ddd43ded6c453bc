// The parts that screens are made of, and what is said aloud. A part is a function of what it shows.

import { ZONE, briefly, dayAndTime, inUtc, number } from "./format.js";
import { html, now, signal } from "./html.js";
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
    ${explained(error)} ${hint} ${wait ? `Trying again in ${wait} s. ` : ""}
    <span class="soft small">${told.filter(Boolean).join(" · ")}</span>
  `;
  return notice(
    "bad",
    title,
    text,
    again && html`<button class="mini" type="button" onClick=${again}>Try again</button>`,
  );
}

/** Whether the change may have been made all the same. @param {Refusal} error */
export const isUnsure = ({ status }) => status === 0 || status >= 500;

/** Why a change was not made, or that this is not known. @param {string} done such as "saved" @param {Refusal} error @param {string} [hint] where it is not known */
export const undone = (done, error, hint) =>
  isUnsure(error)
    ? failure(`It is not known whether it was ${done}`, error, { hint })
    : failure(`It was not ${done}`, error);

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
 * @param {IconName} mark
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

/** The API lists no further. */
export const FARTHEST = 10_000;

/**
 * @param {Listing<any>["meta"]} meta
 * @param {(offset: number) => string} to
 */
export function pager({ page: { limit, offset }, results: { total } }, to) {
  const next = offset + limit;
  const range = `${number(offset + 1)} – ${number(Math.min(next, total))}`;
  // What was there may be deleted.
  const where = offset < total ? range : "Nothing is left on this page,";
  const previous = Math.max(Math.min(offset, Math.ceil(total / limit) * limit) - limit, 0);
  const step = (/** @type {string} */ word, /** @type {number} */ target, /** @type {boolean} */ isThere) =>
    isThere
      ? html`<a class="button mini" href=${to(target)}>${word}</a>`
      : html`<span class="button mini none" aria-hidden="true">${word}</span>`;
  return html`
    <footer>
      <span>${total ? `${where} of ${number(total)}` : "None"}</span>
      <nav class="row" aria-label="Pages">
        ${step("Previous", previous, offset > 0)}
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

/** Dismisses this dialog, unless that was done, and perhaps another one opened, meanwhile. @param {Dialog} asked */
export function settle(asked) {
  if (dialog.peek() === asked) dismiss();
}

/** @param {HTMLDialogElement | null} element */
export function open(element) {
  if (element && !element.open) element.showModal();
}

const PATHS = {
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  check: "M5 12.5 10 17 19 7",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  coin: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM14.5 9.2c-.4-.9-1.3-1.4-2.5-1.4-1.5 0-2.6.7-2.6 2 0 2.9 5.3 1.4 5.3 4.3 0 1.4-1.2 2.1-2.7 2.1-1.4 0-2.4-.6-2.8-1.6M12 6.2v1.6M12 16.2v1.6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  cross: "M6 6l12 12M18 6 6 18",
  dice: "M4 4h16v16H4zM8.5 8.5v.1M15.5 15.5v.1M12 12v.1",
  down: "M12 4v11M7 11l5 5 5-5M5 20h14",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.1",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  off: "M4 4l16 16M8.5 16.4a5 5 0 0 1 7 0M5 12.8a10 10 0 0 1 4.5-2.5M19 12.8a10 10 0 0 0-3.2-2.2M12 20v.1",
  plus: "M12 5v14M5 12h14",
  room: "M4 20V9l8-5 8 5v11zM9 20v-6h6v6",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3 20 20",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4 12H2M22 12h-2M5.6 5.6 4.2 4.2M19.8 19.8l-1.4-1.4M18.4 5.6l1.4-1.4M4.2 19.8l1.4-1.4",
  ticket: "M3 8.5V6h18v2.5a2.5 2.5 0 0 0 0 5V18H3v-4.5a2.5 2.5 0 0 0 0-5zM14.5 6v2M14.5 11v2M14.5 16v2",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  up: "M12 15V4M7 9l5-5 5 5M5 20h14",
  undo: "M9 7 4 12l5 5M4 12h11a5 5 0 0 1 0 10h-2",
  warn: "M12 4 2.5 20h19zM12 10v4.5M12 17.4v.2",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export const icon = (name) =>
  html`<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

export const logo = () => html`
  <svg class="logo" viewBox="0 0 26 26" aria-hidden="true">
    <path
      d="M3 6a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2v3.5a3.5 3.5 0 0 0 0 7V20a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-3.5a3.5 3.5 0 0 0 0-7z"
    />
    <path class="cut" d="M15.5 8v1.5M15.5 12.3v1.5M15.5 16.6v1.5" />
  </svg>
`;

// One polite region for all that is said aloud, so that a job of minutes speaks a few times and not hundreds.

const SAID_FOR = 5_000;

export const said = signal({ text: "", isShown: false });

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} text @param {boolean} [isShown] not where the screen shows it already */
export function say(text, isShown = true) {
  clearTimeout(timer);
  // What is shown stays for its time, whatever is said aloud meanwhile.
  const before = said.peek();
  said.value = before.isShown && !isShown ? { text: `${before.text}. ${text}`, isShown: true } : { text, isShown };
  timer = setTimeout(() => {
    said.value = { text: "", isShown: false };
  }, SAID_FOR);
}
