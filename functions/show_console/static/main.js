// The page: one effect draws all of it anew whenever something that it shows has changed.

import { frame, signInPage } from "./frame.js";
import { effect, html, render, signal, untracked } from "./html.js";
import { address } from "./router.js";
import { openScreen } from "./screens.js";
import { isSignedIn } from "./session.js";
import { dialog } from "./view.js";

/** @typedef {import("./screens.js").Screen} Screen */

const screen = signal(/** @type {Screen | null} */ (null));
const root = /** @type {HTMLElement} */ (document.querySelector("#page"));
let isFirst = true;

root.replaceChildren();

/** The screen of the address, for a person who is signed in. */
effect(() => {
  const [to, isIn] = [address.value, isSignedIn.value];
  untracked(() => {
    screen.peek()?.close?.();
    dialog.value = null;
    screen.value = isIn ? openScreen(to) : null;
  });
  if (!isFirst) queueMicrotask(arrive);
  isFirst = false;
});

effect(() => {
  const focused = document.activeElement;
  render(html`${screen.value ? frame(screen.value) : signInPage()}`, root);
  if (focused && !focused.isConnected) queueMicrotask(catchFocus);
});

effect(() => {
  document.title = `${screen.value ? screen.value.title() : "Sign in"} – Promotion Jobs`;
});

function arrive() {
  scrollTo(0, 0);
  document.querySelector("h1")?.focus({ preventScroll: true });
}

/** What had the focus is gone, and nothing else has taken it. */
function catchFocus() {
  if (document.activeElement === document.body) document.querySelector("h1")?.focus({ preventScroll: true });
}
