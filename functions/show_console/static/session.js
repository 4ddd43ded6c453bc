// Who is signed in: a token in the storage of this tab alone. The secret is sent once and kept nowhere.

import { computed, effect, now, signal } from "./html.js";

const STORED = "session";

/** @typedef {{token: string, clientId?: string, ends?: number}} Session `ends` in milliseconds since 1970 */

/** What is done with the browser's storage: it may be told to keep nothing. @template T @param {() => T} run */
export function kept(run) {
  try {
    return run();
  } catch {
    return null;
  }
}

const session = signal(
  /** @type {Session | null} */ (kept(() => JSON.parse(sessionStorage.getItem(STORED) ?? "null"))),
);

/** Whether the token was refused: a dialog asks for another one, and all that was typed stays. */
export const isOver = signal(false);

export const isSignedIn = computed(() => session.value !== null);
export const clientId = computed(() => session.value?.clientId ?? "");
export const token = () => session.peek()?.token ?? "";

/** Whole minutes that the token is good for; undefined where the page was not told. */
export const minutesLeft = computed(() => {
  const ends = session.value?.ends;
  return ends && Math.max(Math.ceil((ends - now.value) / 60_000), 0);
});

/** @param {Session} next */
export function begin(next) {
  kept(() => sessionStorage.setItem(STORED, JSON.stringify(next)));
  session.value = next;
  isOver.value = false;
}

export function end() {
  kept(() => sessionStorage.removeItem(STORED));
  session.value = null;
  isOver.value = false;
}

/**
 * Whether there is another token than the refused one: a person has signed in again, or out.
 * @param {string} refused
 * @returns {Promise<boolean>}
 */
export function renewed(refused) {
  if (token() === refused) isOver.value = true;
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (session.value?.token === refused) return;
      resolve(session.value !== null);
      queueMicrotask(() => stop());
    });
  });
}

/** Signs in with the token of a link, `#token=…`, which leaves the address and the history at once. */
export function adoptLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  const linked = given.get("token");
  if (!linked) return;
  history.replaceState(null, "", `${location.pathname}#/promotions`);
  const expires = Number(given.get("expires"));
  begin({ token: linked, clientId: given.get("client_id") ?? undefined, ends: expires ? expires * 1000 : undefined });
}
