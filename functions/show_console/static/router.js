// Which screen the address names: the part behind `#`, which no server and no log sees.

import { signal } from "./html.js";
import { adoptLink } from "./session.js";

/** @typedef {{path: string, query: URLSearchParams}} Address */

/** @returns {Address} */
function read() {
  const [path, query] = location.hash.slice(1).split("?");
  return { path: path || "/promotions", query: new URLSearchParams(query) };
}

adoptLink();

export const address = signal(read());

/** Set by a form in which something was typed: whether to leave it is asked first. */
export const guard = { isDirty: () => false };

/** Whether a person goes away from what they typed. */
export const mayLeave = () => !guard.isDirty() || confirm("Leave this form? What you typed is not kept.");

let shown = location.hash;

addEventListener("hashchange", () => {
  adoptLink();
  if (location.hash === shown) return;
  if (!mayLeave()) {
    history.replaceState(null, "", shown || "#/promotions");
    return;
  }
  shown = location.hash;
  guard.isDirty = () => false;
  address.value = read();
});

addEventListener("beforeunload", (event) => {
  if (guard.isDirty()) event.preventDefault();
});

/** What tells whether the screen that is open now is still there: the answer to a change may come later. */
export function here() {
  const from = address.peek();
  return () => address.peek() === from;
}

/** @param {string} path */
export function go(path) {
  guard.isDirty = () => false;
  location.hash = path;
}

/**
 * The path with a query; members without a value are left out.
 * @param {string} path
 * @param {Record<string, string | number | undefined>} query
 */
export function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "" && value !== 0);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

/**
 * The values of the variables where the path is of the pattern, such as `/promotions/:id`.
 * @param {string} pattern
 * @param {string} path
 */
export function matched(pattern, path) {
  const [asked, given] = [pattern.split("/"), path.split("/")];
  if (asked.length !== given.length) return null;
  /** @type {Record<string, string>} */
  const values = {};
  for (const [index, part] of asked.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":") && value) values[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return values;
}
