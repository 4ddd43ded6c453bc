// The time as the page sees it. What a job has left is worked out from how far it got, never from this clock.

import { signal } from "./html.js";

/** Milliseconds since 1970, once a second. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});
