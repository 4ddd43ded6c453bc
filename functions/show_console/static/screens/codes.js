// The codes of a promotion, page by page, and a picture of which job made how many.

import { html } from "../html.js";
import { call, get, offline } from "../api.js";
import { bars } from "../chart.js";
import { number } from "../format.js";
import { press } from "../forms.js";
import { operation, resource } from "../resource.js";
import { go, link } from "../router.js";
import { say } from "../say.js";
import { ask, brief, dismiss, empty, failure, notice, paged, pager, select, shown } from "../view.js";
import { jobName, usesLeft } from "../words.js";
import { codesLeft, makers } from "./delete-codes.js";
import { exportOf } from "./promotion.js";
import { promotionHead } from "./promotion-head.js";

const FARTHEST = 10_000;
const BARS = 6;

/** @type {import("../screens.js").Open} */
export function codesScreen({ id = "" }, query) {
  const asked = { job: query.get("job") ?? "", offset: Number(query.get("offset") ?? 0) };
  const promotion = resource((aborted) => get(`v2/promotions/${id}`, { signal: aborted }));
  const filter = asked.job && `eq(job_id,${asked.job})`;
  const codes = resource((aborted) => get(`v2/promotions/${id}/codes`, { query: { filter, "page[offset]": asked.offset }, signal: aborted }));
  const jobs = resource((aborted) => makers(id, aborted));
  const all = [promotion, codes, jobs];
  const { exporting, exportAll } = exportOf(id);
  const refresh = () => all.forEach((it) => it.refresh());
  return {
    title: () => `Codes – ${promotion.state.value.data?.data.name ?? "Promotion"}`,
    close: () => all.forEach((it) => it.close()),
    view() {
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      const found = /** @type {Job[]} */ (jobs.state.value.data ?? []);
      const { isBusy, error } = exporting.state.value;
      const isOff = !it?.meta.codes.visible || Boolean(it.meta.codes.open_job);
      const parameters = asked.job ? { job_id: asked.job } : undefined;
      const exportButton = it && press(asked.job ? "Export those of this job" : `Export all ${number(it.meta.codes.visible)}`, { mark: "down", isBusy, isOff, run: () => exportAll(parameters) });
      return html`
        ${promotionHead(promotion, "codes", exportButton)} ${error && failure("The export did not start", error)}
        ${it && !asked.job && picture(id, it, found)}
        ${shown(codes, "The codes could not be loaded", (page) => table({ id, page, asked, jobs: found, refresh }))}
      `;
    },
  };
}

/** Which job made how many, the largest first; what is left of the total was made by hand. @param {string} id @param {Promotion} it @param {Job[]} jobs */
function picture(id, it, jobs) {
  if (!jobs.length || !it.meta.codes.visible) return null;
  const sorted = jobs.toSorted((one, other) => codesLeft(other) - codesLeft(one));
  const rows = sorted.slice(0, BARS).map((job) => ({
    key: job.id,
    name: html`<a href=${link(`/promotions/${id}/codes`, { job: job.id })}>${jobName(job)}</a>`,
    value: codesLeft(job),
  }));
  const rest = it.meta.codes.visible - rows.reduce((sum, { value }) => sum + value, 0);
  const others = sorted.length > BARS ? "By other jobs, or by hand" : "Made by hand";
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
  const maker = code.job_id ? html`<a href=${link(`/promotions/${id}/jobs/${code.job_id}`)}>${job ? jobName(job) : "a job"}</a>` : "by hand";
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
    dismiss();
    say("The code was deleted");
    gone();
  });
  ask("Delete this code?", () => html`
    <p><code>${code}</code> stops working. It is never generated again.</p>
    ${deleting.state.value.error && failure("It was not deleted", deleting.state.value.error)}
    <footer>
      <button type="button" autofocus onClick=${dismiss}>Keep it</button>
      ${press("Delete the code", { tone: "destroy", isBusy: deleting.state.value.isBusy, run: () => deleting.start() })}
    </footer>
  `);
}
