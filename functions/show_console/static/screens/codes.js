// The codes of a promotion, page by page, with a picture of which job made how many; and one code, found over all
// promotions.

import { Refusal, call, get, offline } from "../api.js";
import { bars } from "../chart.js";
import { ZONE, counted, number } from "../format.js";
import { press } from "../forms.js";
import { html, now } from "../html.js";
import { operation, promotionOf, resource } from "../resource.js";
import { go, here, link } from "../router.js";
import {
  FARTHEST,
  ask,
  brief,
  dismiss,
  empty,
  facts,
  heading,
  notice,
  paged,
  pager,
  pill,
  say,
  select,
  settle,
  shown,
  time,
  undone,
} from "../view.js";
import { jobName, promotionName, promotionStatus, usesLeft } from "../words.js";
import { codesLeft, makers } from "./delete-codes.js";
import { refused } from "./job-form.js";
import { exportOf, promotionHead } from "./promotion.js";
import { usesTable } from "./uses.js";

const BARS = 6;

/** @type {import("../screens.js").Open} */
export function codesScreen({ id = "" }, query) {
  const asked = { job: query.get("job") ?? "", offset: Number(query.get("offset") ?? 0) };
  const promotion = promotionOf(id);
  const filter = asked.job && `eq(job_id,${asked.job})`;
  const codes = resource((aborted) =>
    get(`v2/promotions/${id}/codes`, { query: { filter, "page[offset]": asked.offset }, signal: aborted }),
  );
  const jobs = resource((aborted) => makers(id, aborted));
  const all = [promotion, codes, jobs];
  const { exporting, exportAll } = exportOf(id);
  const refresh = () => all.forEach((it) => it.refresh());
  return {
    title: () => `Codes – ${promotionName(promotion)}`,
    close: () => all.forEach((it) => it.close()),
    view() {
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      const { found, isAll } = jobs.state.value.data ?? { found: [], isAll: false };
      const { isBusy, error } = exporting.state.value;
      const isLocked = Boolean(it?.meta.codes.open_job);
      const parameters = asked.job ? { job_id: asked.job } : undefined;
      const exportButton =
        it &&
        press(asked.job ? "Export those of this job" : `Export all ${number(it.meta.codes.visible)}`, {
          mark: "down",
          isBusy,
          isOff: isLocked || !it.meta.codes.visible,
          why: isLocked ? "why" : undefined,
          run: () => exportAll(parameters),
        });
      return html`
        ${promotionHead(promotion, "codes", exportButton)} ${error && refused(error, id, it)}
        ${isLocked && html`<p class="hint" id="why">Another job runs in this promotion: exporting waits for its end.</p>`}
        ${it && !asked.job && picture(id, it, found, isAll)}
        ${shown(codes, "The codes could not be loaded", (page) => table({ id, page, asked, jobs: found, refresh }))}
      `;
    },
  };
}

/** Which job made how many, the largest first; what is left of the total was made by hand, if these are all jobs. @param {string} id @param {Promotion} it @param {Job[]} jobs @param {boolean} isAll */
function picture(id, it, jobs, isAll) {
  if (!jobs.length || !it.meta.codes.visible) return null;
  const sorted = jobs.toSorted((one, other) => codesLeft(other) - codesLeft(one));
  const rows = sorted.slice(0, BARS).map((job) => ({
    key: job.id,
    name: html`<a href=${link(`/promotions/${id}/codes`, { job: job.id })}>${jobName(job)}</a>`,
    value: codesLeft(job),
  }));
  const rest = it.meta.codes.visible - rows.reduce((sum, { value }) => sum + value, 0);
  const others = sorted.length > BARS || !isAll ? "By other jobs, or by hand" : "Made by hand";
  if (rest > 0) rows.push({ key: "rest", name: html`<span>${others}</span>`, value: rest });
  return html`<section class="card" aria-labelledby="made"><h2 id="made">Codes by job</h2>${bars("Codes by job", rows)}</section>`;
}

/** @param {{id: string, page: Listing<Code>, asked: {job: string}, jobs: Job[], refresh: () => void}} given */
function table({ id, page, asked, jobs, refresh }) {
  const path = `/promotions/${id}/codes`;
  const { total } = page.meta.results;
  if (!total && !asked.job) {
    const button = html`<a class="button primary" href=${link(`/promotions/${id}/generate`)}>Generate codes</a>`;
    return html`<div class="card">${empty("ticket", "No codes yet", "Codes that a job makes are here when the job is done.", button)}</div>`;
  }
  const known = jobs.some((job) => job.id === asked.job) ? [] : [{ value: asked.job, word: "One job" }];
  const choices = [
    { value: "", word: "Made by any job, or by hand" },
    ...jobs.map((job) => ({ value: job.id, word: jobName(job) })),
    ...(asked.job ? known : []),
  ];
  return html`
    ${total > FARTHEST && tooMany(total)}
    <section class="card flush" aria-label="Codes">
      <header>
        ${select("Made by", choices, asked.job, (job) => go(link(path, { job })))}
        <span class="small soft">in the order in which they were made</span>
      </header>
      <div class="wide">
        <table class="cards">
          <caption class="hidden">Codes</caption>
          <thead>
            <tr>
              <th scope="col">Code</th>
              <th scope="col" class="num">Uses</th>
              <th scope="col">Made by</th>
              <th scope="col">On</th>
              <th scope="col"><span class="hidden">Delete</span></th>
            </tr>
          </thead>
          <tbody>${page.data.map((code) => row(id, code, jobs, refresh))}</tbody>
        </table>
      </div>
      ${total === 0 && html`<p class="pad soft">No code of this job is left.</p>`} ${pager(page.meta, paged(path, asked))}
    </section>
  `;
}

/** @param {number} total */
const tooMany = (total) =>
  notice(
    "info",
    `${number(total)} codes are too many to page through`,
    `This list shows the first ${number(FARTHEST)}. Look a code up above, or export all of them.`,
  );

/** @param {string} id @param {Code} code @param {Job[]} jobs @param {() => void} refresh */
function row(id, code, jobs, refresh) {
  const job = jobs.find((it) => it.id === code.job_id);
  const maker = code.job_id
    ? html`<a href=${link(`/promotions/${id}/jobs/${code.job_id}`)}>${job ? jobName(job) : "a job"}</a>`
    : "by hand";
  return html`
    <tr key=${code.code}>
      <td><a class="name" href=${link("/code", { q: code.code })}><code>${code.code}</code></a></td>
      <td class="num nowrap">${usesLeft(code)}${code.max_uses !== undefined && " left"}</td>
      <td class="small">${maker}</td>
      <td class="small soft nowrap">${brief(code.meta.timestamps.created_at)}</td>
      <td class="right">
        <button class="mini danger quiet" type="button" aria-label="Delete ${code.code} …" disabled=${offline.value !== null} onClick=${() => deleteCode(id, code.code, refresh)}>Delete …</button>
      </td>
    </tr>
  `;
}

/** @param {string} id @param {string} code @param {() => void} gone */
export function deleteCode(id, code, gone) {
  const deleting = operation(async () => {
    await call("DELETE", `v2/promotions/${id}/codes/${encodeURIComponent(code)}`);
    settle(mine);
    say("The code was deleted");
    gone();
  });
  const mine = ask(
    "Delete this code?",
    () => html`
    <p><code>${code}</code> stops working. It is never generated again.</p>
    ${deleting.state.value.error && undone("deleted", deleting.state.value.error)}
    <footer>
      <button type="button" autofocus onClick=${dismiss}>Keep it</button>
      ${press("Delete the code", { tone: "destroy", isBusy: deleting.state.value.isBusy, run: () => deleting.start() })}
    </footer>
  `,
  );
}

/** @typedef {{code: Code, promotion: Promotion, usages: Listing<Usage> | null}} Found without usages if they are too many */

/** @type {import("../screens.js").Open} */
export function codeScreen(_, query) {
  const sought = query.get("q")?.trim() ?? "";
  const found = resource((aborted) => find(sought, aborted));
  const isHere = here();
  return {
    title: () => "Look a code up",
    close: found.close,
    view() {
      const it = /** @type {Found | null | undefined} */ (found.state.value.data);
      const actions =
        it &&
        press("Delete this code …", {
          tone: "danger",
          mark: "trash",
          run: () => deleteCode(it.promotion.id, it.code.code, () => isHere() && go(`/promotions/${it.promotion.id}/codes`)),
        });
      return html`
        ${heading(html`<code>${it?.code.code ?? sought}</code>`, { mark: it && pill(statusOf(it)), actions })}
        ${shown(found, "The code could not be looked up", (data) => (data ? about(data) : none()))}
      `;
    },
  };
}

/** @param {string} sought @param {AbortSignal} signal @returns {Promise<Found | null>} */
async function find(sought, signal) {
  const quoted = `"${sought.replace(/["\\]/g, "\\$&")}"`;
  const page = await get("v2/promotions", { query: { filter: `eq(code,${quoted})` }, signal });
  const promotion = /** @type {Promotion | undefined} */ (page.data[0]);
  if (!promotion) return null;
  const path = `v2/promotions/${promotion.id}/codes/${encodeURIComponent(sought)}`;
  const [{ data: code }, usages] = await Promise.all([
    get(path, { signal }),
    get(`${path}/usages`, { signal, query: { sort: "-used_on" } }).catch(noneIfTooMany),
  ]);
  return { code, promotion, usages };
}

/** The API lists no usages of a code that has more than its pages show. @param {unknown} error */
function noneIfTooMany(error) {
  if (error instanceof Refusal && error.status === 400) return null;
  throw error;
}

/** @param {Found} found @returns {import("../words.js").Status} */
function statusOf({ code, promotion }) {
  if (code.max_uses !== undefined && !code.uses) return { word: "Used up", tone: "warn", mark: "cross" };
  const { word } = promotionStatus(promotion, now.value);
  if (word !== "Live") return { word: `The promotion is ${word.toLowerCase()}`, tone: "warn", mark: "clock" };
  return { word: "Can be used", tone: "good", mark: "check" };
}

const none = () => html`
  <div class="card">
    ${empty(
      "search",
      "No promotion has this code",
      "Capitals do not matter, dashes do. Codes of a job that still runs are not there yet; deleted ones are gone.",
    )}
  </div>
`;

/** @param {Found} found */
function about({ code, promotion, usages }) {
  const by = code.job_id
    ? html`<a href=${link(`/promotions/${promotion.id}/jobs/${code.job_id}`)}>a job</a>`
    : "by hand";
  const users = [code.user ?? []].flat();
  return html`
    <div class="card">
      ${facts([
        ["Promotion", html`<a href=${link(`/promotions/${promotion.id}`)}>${promotion.name}</a>`],
        ["Uses left", usesLeft(code)],
        ["Counts", code.consume_unit === "per_item" ? "each item of a cart" : "a cart as one use"],
        ...(users.length ? [/** @type {[string, any]} */ (["For", users.join(", ")])] : []),
        ["Made by", by],
        ["Made", time(code.meta.timestamps.created_at)],
        ["Works", html`until ${time(promotion.end)} in ${ZONE}`],
      ])}
    </div>
    ${usages ? usages.meta.results.total > 0 && newest(usages) : tooManyUses(promotion)}
  `;
}

/** @param {Listing<Usage>} usages */
function newest({ data, meta: { results } }) {
  const rest = results.total > data.length;
  const footer = rest && html`<footer>The newest ${number(data.length)} of ${counted(results.total, "use")}.</footer>`;
  return usesTable("Uses of this code, newest first", data, footer);
}

/** @param {Promotion} promotion */
const tooManyUses = ({ id }) =>
  notice(
    "info",
    `More than ${number(FARTHEST)} uses`,
    html`They are not listed here, but among <a href=${link(`/promotions/${id}/uses`)}>the uses of its promotion</a>.`,
  );
