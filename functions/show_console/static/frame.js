// What is around every screen: header, banners, dialogs, and what is said aloud.

import { offline, signIn } from "./api.js";
import { clockTime } from "./format.js";
import { field, onSubmit, press } from "./forms.js";
import { html, signal } from "./html.js";
import { operation } from "./resource.js";
import { go, guard, link, mayLeave } from "./router.js";
import { clientId, end, isOver, kept, minutesLeft } from "./session.js";
import { dialog, dismiss, explained, icon, logo, notice, open, said } from "./view.js";

const THEME = "theme";
const sought = signal("");

/** @param {import("./screens.js").Screen} screen */
export const frame = (screen) => html`
  <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
  ${header()} ${banner()}
  <main id="main" tabindex="-1">${screen.view()}</main>
  ${dialogs()} ${voice()}
`;

export const voice = () =>
  html`<div class=${said.value.isShown ? "toast" : "hidden"} role="status" aria-live="polite">${said.value.text}</div>`;

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.querySelector("main")?.focus();
}

const header = () => html`
  <header class="top">
    <div>
      <a class="brand" href=${link("/promotions")}>${logo()}<span>Promotion Jobs</span></a>
      <span class="where">${location.host}</span>
      <search class="look">
        <form onSubmit=${onSubmit(look)}>
          ${icon("search")}
          <label class="hidden" for="look">Look a code up</label>
          <input
            id="look"
            type="search"
            placeholder="Look a code up"
            autocomplete="off"
            spellcheck="false"
            autocapitalize="none"
            aria-keyshortcuts="/"
            value=${sought.value}
            onInput=${(/** @type {{target: HTMLInputElement}} */ { target }) => (sought.value = target.value)}
          />
        </form>
      </search>
      <div class="row push">
        ${
          minutesLeft.value !== undefined &&
          html`<span class="soft small left" title="After that you sign in again; what you typed stays">${minutesLeft.value} min left</span>`
        }
        <button class="icon quiet" type="button" aria-label="Light or dark" onClick=${switchTheme}>${icon("sun")}</button>
        <button class="quiet" type="button" onClick=${signOut}>Sign out</button>
      </div>
    </div>
  </header>
`;

function look() {
  const text = sought.peek().trim();
  if (!text || !mayLeave()) return;
  go(link("/code", { q: text }));
  sought.value = "";
}

addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
  const entry = document.querySelector("#look");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || !(entry instanceof HTMLElement)) return;
  event.preventDefault();
  entry.focus();
});

function banner() {
  if (!offline.value) return null;
  return html`
    <div class="banner" role="alert">
      <div>${icon("off")}<span>The API cannot be reached. What you see is from ${clockTime(offline.value.since)}; jobs go on without you.</span></div>
    </div>
  `;
}

// Light or dark: as the system has it, until the button says otherwise.

const system = matchMedia("(prefers-color-scheme: dark)");

function switchTheme() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const theme = (root.dataset.theme = isDark ? "light" : "dark");
  kept(() => localStorage.setItem(THEME, theme));
}

const chosen = kept(() => localStorage.getItem(THEME));
if (chosen) document.documentElement.dataset.theme = chosen;

// Dialogs

function dialogs() {
  const { value } = dialog;
  return html`
    ${
      value &&
      html`
      <dialog key=${value.title} ref=${open} aria-labelledby="dialog-title" onCancel=${closed}>
        <div class="inside"><h2 id="dialog-title">${value.title}</h2>${value.body()}</div>
      </dialog>
    `
    }
    ${isOver.value && renewal()}
  `;
}

/** @param {Event} event */
function closed(event) {
  event.preventDefault();
  dismiss();
}

// Signing in: as a page of its own, and on top of a screen whose token is over.

const given = { id: signal(""), secret: signal("") };
const signingIn = operation(async () => {
  const { id, secret } = given;
  await signIn(id.peek().trim(), secret.peek());
  [id.value, secret.value] = ["", ""];
});

function signOut() {
  if (!mayLeave()) return;
  guard.isDirty = () => false;
  [given.id.value, given.secret.value] = ["", ""];
  signingIn.forget();
  end();
}

/** @param {string} knownId */
function credentials(knownId) {
  const { isBusy, error } = signingIn.state.value;
  const start = onSubmit(() => {
    if (!given.id.peek()) given.id.value = knownId;
    signingIn.start();
  });
  return html`
    <form onSubmit=${start}>
      ${error && refusedNotice(error)}
      ${field("client-id", "Client ID", {
        value: given.id.value || knownId,
        type: (value) => (given.id.value = value),
        more: { autocomplete: "username", spellcheck: false, autocapitalize: "none", class: "mono", required: true },
      })}
      ${field("client-secret", "Client secret", {
        value: given.secret.value,
        type: (value) => (given.secret.value = value),
        kind: "password",
        more: { autocomplete: "current-password", required: true, autofocus: knownId !== "" },
      })}
      <footer>
        ${isOver.value && html`<button type="button" onClick=${signOut}>Sign out</button>`}
        ${press("Sign in", { tone: "primary", isBusy })}
      </footer>
    </form>
  `;
}

/** @param {import("./api.js").Refusal} error */
function refusedNotice(error) {
  if (error.status === 401)
    return notice("bad", "That did not work", "The id or the secret is wrong, or the client was revoked.");
  if (error.status === 429) {
    return notice("bad", "Too many sign-ins", `${error.faults[0]?.detail ?? ""} Try again in ${error.retryAfter} s.`);
  }
  return notice("bad", "That did not work", explained(error));
}

/** @type {Element | null} */
let interrupted = null;

/** The focus goes back to where it was when the hour was over. @param {HTMLDialogElement | null} element */
function interrupt(element) {
  const before = interrupted;
  if (element) interrupted = document.activeElement;
  else if (before instanceof HTMLElement) queueMicrotask(() => before.focus());
  open(element);
}

const renewal = () => html`
  <dialog ref=${interrupt} aria-labelledby="renewal-title" onCancel=${(/** @type {Event} */ event) => event.preventDefault()}>
    <div class="inside">
      <h2 id="renewal-title">Your hour is over</h2>
      <p>Sign in again to go on. What you typed is still here, and jobs were not touched.</p>
      ${credentials(clientId.value)}
    </div>
  </dialog>
`;

export const signInPage = () => html`
  <main id="main" class="gate" tabindex="-1">
    <div class="card">
      <div class="row">${logo()}<span class="where">${location.host}</span></div>
      <div><h1 tabindex="-1">Sign in</h1><p class="soft small">With the client that your operator made for you.</p></div>
      ${credentials("")}
      <p class="soft small">
        Signed in for an hour, in this tab only. The secret is sent once and not kept; your password manager may keep it.
      </p>
    </div>
  </main>
  ${voice()}
`;
