// The rows that an import did not take: the first of them on the page, and all as a file.

import { Refusal, get } from "../api.js";
import { counted, number } from "../format.js";
import { effect, html, signal, untracked } from "../html.js";
import { resource } from "../resource.js";
import { link } from "../router.js";
import { icon, shown } from "../view.js";
import { startDownload } from "./download.js";

const ROWS = 50;
const BYTES = 32_768;

/** @typedef {import("../resource.js").Resource<string[][]>} Rows */

/** How many rows were not taken. @param {Job} job */
export const refusedRows = ({ result }) => (result?.duplicates ?? 0) + (result?.invalid ?? 0);

/** The first rows of the report, as soon as there is one. @param {() => Job | undefined} current */
export function reportOf(current) {
  const rows = signal(/** @type {Rows | null} */ (null));
  const stop = effect(() => {
    const job = current();
    if (job?.job_type !== "code_import" || job.status !== "completed" || !refusedRows(job)) return;
    untracked(() => (rows.value ??= resource((aborted) => firstRows(job, aborted))));
  });
  return {
    rows,
    close() {
      stop();
      rows.peek()?.close();
    },
  };
}

/** @param {Job} job @param {AbortSignal} aborted */
async function firstRows(job, aborted) {
  const { files } = await get(`v2/promotions/${job.promotion_id}/jobs/${job.id}/file`, { signal: aborted });
  const answer = await fetch(files[0].href, { signal: aborted, headers: { Range: `bytes=0-${BYTES}` } }).catch(() => null);
  aborted.throwIfAborted();
  if (!answer?.ok) throw new Refusal(answer?.status ?? 0, [{ title: "The file could not be read" }]);
  return csvRows(await answer.text()).slice(1, ROWS + 1);
}

/** The whole rows of a CSV as the service writes it; one that is cut is none. @param {string} text */
function csvRows(text) {
  const rows = [];
  let row = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** @param {Job} job @param {Rows} rows */
export function reportCard(job, rows) {
  const { duplicates = 0, invalid = 0 } = job.result ?? {};
  return html`
    <section class="card flush" aria-labelledby="report">
      <header>
        <div>
          <h2 id="report">${counted(refusedRows(job), "row")} not taken</h2>
          <p class="small soft">${counted(duplicates, "duplicate")}, ${number(invalid)} wrong</p>
        </div>
        <button type="button" onClick=${() => startDownload(job)}>${icon("down")}Download the report</button>
      </header>
      ${shown(rows, "The report could not be loaded", (found) => table(job, found), html`<p class="pad soft">Loading …</p>`)}
    </section>
  `;
}

/** @param {Job} job @param {string[][]} rows */
const table = (job, rows) => html`
  <div class="wide">
    <table class="cards">
      <caption class="hidden">Rows that were not taken</caption>
      <thead>
        <tr><th scope="col">Code</th><th scope="col">Line</th><th scope="col">Why</th></tr>
      </thead>
      <tbody>
        ${rows.map(
          ([line, code, reason = ""]) => html`
            <tr key=${line}>
              <td><code>${code}</code></td>
              <td class="small soft nowrap">line ${number(Number(line))}</td>
              <td class="line small">${why(job, reason)}</td>
            </tr>
          `,
        )}
      </tbody>
    </table>
  </div>
  ${refusedRows(job) > rows.length && html`<p class="pad soft small">The first ${number(rows.length)}. The report has all.</p>`}
`;

/** @type {Record<string, string>} */
const REASONS = {
  characters: "it has characters that no code may have",
  columns: "the row has more cells than the first line",
  consume_unit: "consume_unit is neither per_cart nor per_item",
  empty: "there is no code in the row",
  formula: "a spreadsheet would run it",
  length: "it is longer than 64 characters",
  max_uses: "max_uses is no whole number up to 1,000,000,000",
  quotes: "a quote is in the wrong place",
  user: "more than 25 customers",
};

/** @param {Job} job @param {string} reason */
function why(job, reason) {
  const holder = reason.match(/^in use by promotion (\S+)$/)?.[1];
  if (!holder) return REASONS[reason] ?? reason;
  if (holder === job.promotion_id) return "in use in this promotion";
  return html`in use by <a href=${link(`/promotions/${holder}`)}>another promotion</a>`;
}
