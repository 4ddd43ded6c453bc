// The card of a job that goes on, and the dialog that cancels it.

import { call, offline } from "../api.js";
import { clockTime, counted, number } from "../format.js";
import { press } from "../forms.js";
import { html } from "../html.js";
import { operation } from "../resource.js";
import { link } from "../router.js";
import { ask, dismiss, icon, say, settle, undone } from "../view.js";
import { paceText, standsSince } from "../watch.js";
import { jobName, kindOf } from "../words.js";

/** @typedef {import("../watch.js").Watched} Watched */

/** @param {Job} job @param {boolean} [isLarge] */
export function progressBar(job, isLarge) {
  const { progress } = job.meta;
  const isUndone = job.status === "cancelling";
  const tone = `${isUndone ? "undo" : ""} ${offline.value ? "stale" : ""} ${isLarge ? "large" : ""}`;
  const label = isUndone ? "Codes removed" : kindOf(job).made;
  return progress
    ? html`<progress class=${tone} max=${Math.max(progress.total, 1)} value=${progress.done} aria-label=${label}></progress>`
    : html`<progress class=${tone} aria-label="Waiting"></progress>`;
}

/** What its progress is out of. @param {Job} job @param {number} total */
export const outOf = (job, total) =>
  job.status === "cancelling" ? counted(total, "code is gone", "codes are gone") : counted(total, kindOf(job).unit);

/** @type {Record<string, string>} */
const BEGUN = {
  "processing code_import": "The file is read a first time, to count its codes.",
  "cancelling code_generate": "What it made is being removed.",
  "cancelling code_import": "What it added is being removed.",
};

/** What is said of a job that makes no progress. @param {Watched} watched @param {Job} job */
export function standing(watched, job) {
  const found = watched.job.state.value.data;
  if (job.status === "pending") return `Waiting since ${clockTime(job.meta.timestamps.created_at)} for a worker.`;
  if (!job.meta.progress) return BEGUN[`${job.status} ${job.job_type}`] ?? "It has begun.";
  const since = found && standsSince(found);
  return since && `No progress since ${clockTime(since)}. It is tried again by itself.`;
}

/** Why nothing can be begun. */
export const waiting = () => html`
  <p class="hint" id="why">
    A promotion runs one job at a time: generating, importing, exporting and deleting wait for this one. You can close the
    page, the job goes on.
  </p>
`;

/** The card on the page of the promotion. @param {Watched} watched @param {Job} job */
export function runningCard(watched, job) {
  const { progress } = job.meta;
  return html`
    <section class="card live" aria-labelledby="running">
      <header>
        <h2 id="running" class="row">${icon(kindOf(job).mark)}${jobName(job)}</h2>
        <div class="row">
          <a class="button mini" href=${link(`/promotions/${job.promotion_id}/jobs/${job.id}`)}>Details</a>
          ${job.status !== "cancelling" && cancelButton(watched, "mini danger")}
        </div>
      </header>
      ${progressBar(job)}
      <p class="row apart">
        <span>${progress && html`<b>${number(progress.done)}</b> <span class="soft">of ${outOf(job, progress.total)}</span>`}</span>
        <span class="soft">${standing(watched, job) || paceText(watched.pace.value)}</span>
      </p>
      ${waiting()}
    </section>
  `;
}

/** @param {Watched} watched @param {string} tone */
export const cancelButton = (watched, tone) => press("Cancel the job …", { tone, run: () => askToCancel(watched) });

/** @param {Watched} watched */
function askToCancel(watched) {
  const first = watched.job.state.peek().data?.data;
  if (!first) return;
  const cancelling = operation(async () => {
    const { data } = await call("POST", `v2/promotions/${first.promotion_id}/jobs/${first.id}/cancel`);
    settle(mine);
    say(data.status === "cancelled" ? "Cancelled" : "Cancelling");
    watched.job.refresh();
  });
  const send = async () => {
    await cancelling.start();
    if (cancelling.state.peek().error?.status !== 422) return;
    settle(mine);
    say("It had ended meanwhile: nothing was cancelled");
    watched.job.refresh();
  };
  const mine = ask(`Cancel “${jobName(first)}”?`, () => {
    const { isBusy, error } = cancelling.state.value;
    const job = watched.job.state.value.data?.data ?? first;
    const { text, button } = consequence(job);
    return html`
      <p>${text}</p>
      ${error && error.status !== 422 && undone("cancelled", error)}
      <footer>
        <button type="button" autofocus onClick=${dismiss}>Let it run</button>
        ${press(button, { tone: "destroy", isBusy, run: send })}
      </footer>
    `;
  });
}

/** @param {Job} job */
function consequence(job) {
  const done = job.meta.progress?.done ?? 0;
  if (job.job_type === "code_export")
    return { text: "No file is made. The codes stay as they are.", button: "Cancel the export" };
  if (job.job_type === "code_import")
    return { text: "What it added is removed. The codes that were there stay.", button: "Cancel the import" };
  if (job.job_type === "code_delete") {
    const kept = counted(done, "code deleted so far stays deleted", "codes deleted so far stay deleted");
    return { text: done ? `The ${kept}; the others stay.` : "No code was deleted so far. All stay.", button: "Stop deleting" };
  }
  if (!done) return { text: "No code was made so far.", button: "Cancel it" };
  const lost = counted(done, "code made so far is deleted, and cannot", "codes made so far are deleted, and none can");
  return { text: `The ${lost} be used. This cannot be undone.`, button: `Cancel it, delete ${counted(done, "code")}` };
}
