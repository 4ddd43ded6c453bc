// One job: how far it is, how it ended, and what can be done with what it made.

import { rateChart } from "../chart.js";
import { ZONE, clockTime, counted, duration, number, size } from "../format.js";
import { press } from "../forms.js";
import { html } from "../html.js";
import { promotionOf } from "../resource.js";
import { link } from "../router.js";
import { brief, copyable, crumbs, facts, failure, heading, icon, notice, pill, skeleton, time } from "../view.js";
import { leftText, watchJob } from "../watch.js";
import { formOf, isOpen, jobName, jobStatus, kindOf, promotionName } from "../words.js";
import { codesLeft, codesMade, deleteCodes } from "./delete-codes.js";
import { startDownload } from "./download.js";
import { refused } from "./job-form.js";
import { exportOf } from "./promotion.js";
import { reportCard, reportOf } from "./report.js";
import { cancelButton, outOf, progressBar, standing } from "./running.js";

/** @typedef {import("../watch.js").Watched} Watched */

/** @type {import("../screens.js").Open} */
export function jobScreen({ id = "", job: jobId = "" }) {
  const promotion = promotionOf(id, jobId);
  const watched = watchJob(id, jobId, promotion.refresh);
  const exported = exportOf(id);
  const current = () => /** @type {Job | undefined} */ (watched.job.state.value.data?.data);
  const report = reportOf(current);
  return {
    title: () => titleOf(current()),
    close() {
      report.close();
      watched.close();
      promotion.close();
    },
    view() {
      const job = current();
      const before = crumbs([
        { text: "Promotions", href: link("/promotions") },
        { text: promotionName(promotion), href: link(`/promotions/${id}`) },
      ]);
      const { error, retryAt } = watched.job.state.value;
      const told = error && failure("The job could not be loaded", error, { again: watched.job.refresh, retryAt });
      if (!job)
        return html`${heading(error?.status === 404 ? "This job is not there any more" : "Job", { before })} ${told || skeleton()}`;
      const actions = isOpen(job) && job.status !== "cancelling" && cancelButton(watched, "danger");
      return html`
        ${heading(jobName(job), { before, mark: pill(jobStatus(job)), after: about(job), actions })} ${told}
        ${isOpen(job) ? open(watched, job) : ended(job, exported, promotion.state.value.data?.data)}
        ${report.rows.value && reportCard(job, report.rows.value)} ${asked(job)}
      `;
    },
  };
}

/** @param {Job | undefined} job */
function titleOf(job) {
  if (!job) return "Job";
  const { progress } = job.meta;
  return `${isOpen(job) && progress ? `${progress.percent} % – ` : `${jobStatus(job).word} – `}${jobName(job)}`;
}

/** @param {Job} job */
const about = (job) => html`
  ${kindOf(job).word} · ${brief(job.meta.timestamps.created_at)} in ${ZONE} · asked for by <code>${job.created_by.slice(0, 10)}</code> · ${copyable(job.id)}
`;

// While it is open

/** @param {Watched} watched @param {Job} job */
function open(watched, job) {
  const { progress } = job.meta;
  const isUndone = job.status === "cancelling";
  const { rate, left } = watched.pace.value;
  const stands = standing(watched, job);
  const title = isUndone ? "Removing what it made" : progress ? "" : "Waiting";
  return html`
    <section class="card live" aria-label="Progress">
      ${title && html`<h2>${title}</h2>`}
      ${progress && html`<p class="big">${number(progress.done)} <small>of ${outOf(job, progress.total)}</small></p>`}
      ${progressBar(job, true)}
      ${
        progress &&
        facts([
          ["Done", `${progress.percent} %`],
          ["A second", rate === undefined ? "…" : number(Math.round(rate))],
          ["Left", left ? leftText(left) : "…"],
          ["Started", time(job.meta.timestamps.created_at, clockTime)],
        ])
      }
      ${rateChart(watched.pace.value, kindOf(job).unit)} ${stands && html`<p class="hint">${stands}</p>`}
      <p class="hint">
        ${
          isUndone
            ? "No customer can use them any more. The promotion is free for the next job when all are gone."
            : "You can close the page: the job goes on, and this is where it will be."
        }
      </p>
    </section>
  `;
}

// When it has ended

/** @param {Job} job @param {ReturnType<typeof exportOf>} exported @param {Promotion | undefined} promotion */
function ended(job, exported, promotion) {
  if (job.status === "failed") return failed(job);
  if (job.status === "cancelled") return cancelled(job);
  if (kindOf(job).past) return made(job, exported, promotion);
  if (job.job_type === "code_export") return files(job);
  return notice(
    "good",
    `${counted(job.result?.deleted ?? 0, "code")} deleted`,
    `It took ${took(job)}. None of them works any more.`,
  );
}

/** @param {Job} job */
function took(job) {
  const { created_at: began, updated_at: changed } = job.meta.timestamps;
  return duration((Date.parse(changed) - Date.parse(began)) / 1000);
}

/** @type {Record<string, {text: string, form: string}>} */
const FAILED = {
  code_generate: {
    text: "No code of it can be used. Raise what the promotion may hold, or ask for fewer or longer codes, and try again.",
    form: "/generate",
  },
  code_import: { text: "Nothing of it was imported. Mend what it names, and import the file again.", form: "/import" },
};

/** @param {Job} job */
const failed = (job) =>
  notice(
    "bad",
    `It failed: ${job.error ?? "for a reason that was not told"}`,
    FAILED[job.job_type]?.text ?? "The codes that are there stay as they are. Try again.",
    html`<a class="button mini" href=${link(`/promotions/${job.promotion_id}${FAILED[job.job_type]?.form ?? ""}`)}>Try again</a>`,
  );

/** @param {Job} job */
function cancelled(job) {
  const { deleted = 0 } = job.result ?? {};
  const { past } = kindOf(job);
  if (past) {
    const before = `${counted(codesMade(job), "code")} had been ${past}`;
    return notice("info", "Cancelled", `${before}, and ${number(deleted)} removed again: none is left of them.`);
  }
  return notice(
    "info",
    "Cancelled",
    job.job_type === "code_delete" ? `${counted(deleted, "code")} had been deleted, and stay so.` : "There is no file.",
  );
}

/** @param {Job} job @param {ReturnType<typeof exportOf>} exported @param {Promotion | undefined} promotion */
function made(job, { exporting, exportAll }, promotion) {
  const left = codesLeft(job);
  const { isBusy, error } = exporting.state.value;
  const isLocked = Boolean(promotion?.meta.codes.open_job);
  const why = isLocked ? "why" : undefined;
  return html`
    <section class="card" aria-label="What it made">
      <p class="big">${number(left)} <small>${left === 1 ? "code" : "codes"} can be used, ${kindOf(job).past} in ${took(job)}</small></p>
      ${job.result?.deleted ? html`<p class="soft">${number(job.result.deleted)} of ${number(codesMade(job))} ${job.result.deleted === 1 ? "was" : "were"} deleted since.</p>` : ""}
      <div class="row">
        ${press("Export these codes", { tone: "primary", mark: "down", isBusy, isOff: !left || isLocked, why, run: () => exportAll({ job_id: job.id }) })}
        <a class="button" href=${link(`/promotions/${job.promotion_id}/codes`, { job: job.id })}>See them</a>
        ${promotion && press("Delete these codes …", { tone: "danger", mark: "trash", isOff: !left || isLocked, why, run: () => deleteCodes(promotion, job) })}
      </div>
      ${isLocked && html`<p class="hint" id="why">Another job runs in this promotion: exporting and deleting wait for its end.</p>`}
      ${error && refused(error, job.promotion_id, promotion)}
    </section>
  `;
}

/** @param {Job} job */
function files(job) {
  const all = job.meta.files ?? (job.meta.file ? [job.meta.file] : []);
  const rows = all.reduce((sum, file) => sum + file.rows, 0);
  const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
  return html`
    <section class="card" aria-label="The file">
      <p class="big">${number(rows)} <small>${rows === 1 ? "code" : "codes"}, ${size(bytes)}, written in ${took(job)}</small></p>
      ${all.map((file, index) => fileRow(job, file, index, all.length))}
      <p class="hint">The link is made when you press, and is good for an hour. The file itself is kept for days, not for ever.</p>
    </section>
  `;
}

/** @param {Job} job @param {ExportedFile} file @param {number} index @param {number} count */
const fileRow = (job, file, index, count) => html`
  <div class="file" key=${file.sha256}>
    <button class="primary" type="button" onClick=${() => startDownload(job, index)}>
      ${icon("down")}${count > 1 ? `Download part ${index + 1}, ${counted(file.rows, "code")}` : "Download the CSV"}
    </button>
    <div><p class="small soft">SHA-256, to compare with the file that you have</p>${copyable(file.sha256, "the SHA-256", true)}</div>
  </div>
`;

/** What was asked for. @param {Job} job */
function asked(job) {
  if (!job.parameters) return null;
  const pairs = (ASKED[job.job_type] ?? whichCodes)(job, job.parameters);
  return html`<section class="card" aria-labelledby="asked"><h2 id="asked">What was asked for</h2>${facts(pairs)}</section>`;
}

/** @typedef {(job: Job, parameters: NonNullable<Job["parameters"]>) => [string, any][]} Asked */

/** @type {Asked} */
const whichCodes = (job, { job_id: maker }) => {
  const one = html`<a href=${link(`/promotions/${job.promotion_id}/jobs/${maker}`)}>those of one job</a>`;
  return [["Codes", maker ? one : "all"]];
};

/** @type {Record<string, Asked>} */
const ASKED = {
  code_generate: (job, parameters) => [
    ["Codes", number(parameters.number_of_codes ?? 0)],
    ["Looks like", html`<code>${formOf(/** @type {GenerateParameters} */ (parameters))}</code>`],
    ["Uses of each", usesOf(parameters)],
    ["A guess hits", job.meta.guess_odds],
  ],
  code_import: (_, parameters) => [
    ["A code in use", parameters.on_duplicate === "fail" ? "fails the import" : "is left out"],
    ["Uses of each", html`${usesOf(parameters)}, where the file says nothing`],
  ],
};

/** @param {Partial<GenerateParameters>} parameters */
function usesOf({ max_uses_per_code: uses, consume_unit: unit }) {
  return `${uses === undefined ? "no limit" : number(uses)}, of ${unit === "per_item" ? "items" : "a cart"}`;
}
