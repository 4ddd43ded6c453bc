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
  render(html`${screen.value ? frame(screen.value) : signInPage()}`, root);
});

effect(() => {
  document.title = `${screen.value ? screen.value.title() : "Sign in"} – Promotion Jobs`;
});

function arrive() {
  scrollTo(0, 0);
  const heading = document.querySelector("h1");
  if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
}
