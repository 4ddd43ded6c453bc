// The one way to the API: adds the token, reads refusals, and repeats a call whose token was over.

import { signal } from "./html.js";
import { begin, renewed, token } from "./session.js";

/** What keeps the page from the API: nothing, or when it was reached last. */
export const offline = signal(/** @type {{since: number} | null} */ (null));

const LONGEST_PAUSE = 30;
const reached = { at: Date.now() };

/** An answer that is an error, or none: then `status` is 0. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {Fault[]} faults
   * @param {{requestId?: string, retryAfter?: number}} more `retryAfter` in seconds
   */
  constructor(status, faults, more = {}) {
    super(faults[0]?.title ?? String(status));
    this.status = status;
    this.faults = faults;
    this.requestId = more.requestId;
    this.retryAfter = more.retryAfter;
  }

  /** Whether the same request may be answered by and by. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @typedef {object} Asked
 * @property {unknown} [data] sent as `{"data": …}`
 * @property {Record<string, string | number | undefined>} [query]
 * @property {string} [key] the Idempotency-Key: the same job for the same key
 * @property {AbortSignal} [signal]
 */

/**
 * What the API answers, with the server's time in `served`. Throws a Refusal.
 * @param {string} method
 * @param {string} path from the root of the API, such as `v2/promotions`
 * @param {Asked} [asked]
 * @returns {Promise<any>}
 */
export async function call(method, path, asked = {}) {
  for (;;) {
    const used = token();
    const answer = await send(address(path, asked.query), init(method, used, asked));
    if (answer.status !== 401 || !(await renewed(used))) return read(answer);
    asked.signal?.throwIfAborted();
  }
}

/** @param {string} path @param {Asked} [asked] */
export const get = (path, asked) => call("GET", path, asked);

/**
 * @param {string} method
 * @param {string} used
 * @param {Asked} asked
 * @returns {RequestInit}
 */
function init(method, used, { data, key, signal: aborted }) {
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${used}` };
  if (data !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  return { method, headers, body: data === undefined ? undefined : JSON.stringify({ data }), signal: aborted };
}

/** @param {string} path @param {Asked["query"]} query */
function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * @param {string} url
 * @param {RequestInit} request
 */
async function send(url, request) {
  try {
    const answer = await fetch(url, { ...request, cache: "no-store", credentials: "omit" });
    reached.at = Date.now();
    offline.value = null;
    return answer;
  } catch (error) {
    if (request.signal?.aborted) throw error;
    if (!offline.peek()) {
      offline.value = { since: reached.at };
      probe(1);
    }
    throw new Refusal(0, [{ title: "No answer", detail: "The API could not be reached." }]);
  }
}

/**
 * Asks for something small until it comes: a screen that asks for nothing by itself hears of the end of it, too.
 * @param {number} seconds until then
 */
function probe(seconds) {
  setTimeout(async () => {
    await send("console", {}).catch(() => {});
    if (offline.peek()) probe(Math.min(seconds * 2, LONGEST_PAUSE));
  }, seconds * 1000);
}

/** @param {Response} answer */
async function read(answer) {
  const body = answer.status === 204 ? {} : await answer.json().catch(() => null);
  const served = Date.parse(answer.headers.get("Date") ?? "") || Date.now();
  if (!answer.ok) throw refusal(answer, body ?? {}, served);
  // Cut on its way, or from a proxy that asks for a password, say.
  if (!body) throw new Refusal(0, [{ title: "No answer", detail: "What came is not from the API, or not all of it." }]);
  return { ...body, served };
}

/**
 * The whole seconds that the answer says to wait, as a number or as a date; undefined where it does not.
 * @param {Response} answer
 * @param {number} served
 */
function waits(answer, served) {
  const told = answer.headers.get("Retry-After") ?? "";
  const seconds = /^\d+$/.test(told) ? Number(told) : Math.ceil((Date.parse(told) - served) / 1000);
  return seconds > 0 ? seconds : undefined;
}

/**
 * @param {Response} answer
 * @param {{errors?: Fault[], message?: string}} body of the API, or of the gateway before it
 * @param {number} served
 */
function refusal(answer, body, served) {
  const faults = body.errors ?? [{ title: body.message || answer.statusText || "No reason was told" }];
  const retryAfter = waits(answer, served) ?? (answer.status === 429 ? 2 : undefined);
  const requestId = faults[0]?.request_id ?? answer.headers.get("apigw-requestid") ?? undefined;
  return new Refusal(answer.status, faults, { requestId, retryAfter });
}

/**
 * Begins a session, unless the person signed out meanwhile. Throws a Refusal, of status 401 for an unknown id and for
 * a wrong secret alike.
 * @param {string} clientId
 * @param {string} secret
 */
export async function signIn(clientId, secret) {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: secret });
  const before = token();
  const issued = await read(await send("oauth/access_token", { method: "POST", body: form }));
  if (token() !== before) return;
  begin({ token: issued.access_token, clientId, ends: Date.now() + issued.expires_in * 1000 });
}

/** Gives the same key for the same content, and another one as soon as it differs: a form that is sent twice is sent once. */
export function keyOfContent() {
  let last = "";
  let key = "";
  return (/** @type {unknown} */ content) => {
    const text = JSON.stringify(content);
    if (text !== last) [last, key] = [text, crypto.randomUUID()];
    return key;
  };
}
