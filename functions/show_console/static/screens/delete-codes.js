// The dialog that deletes the codes of one job, or all: with their number, which has to be typed.

import { call, get } from "../api.js";
import { counted, day, dollars, duration, number, parsed } from "../format.js";
import { choice, field, onSubmit, press } from "../forms.js";
import { effect, html, signal, untracked } from "../html.js";
import { operation, resource } from "../resource.js";
import { ask, dialog, dismiss, notice, select, shown } from "../view.js";
import { asPart, jobName } from "../words.js";
import { refused, starterOf } from "./job-form.js";

const ALL = "all";
const ONE = "one";

/** How many codes it made or imported. @param {Job} job */
export const codesMade = ({ result }) => result?.generated ?? result?.imported ?? 0;

/** @param {Job} job */
export const codesLeft = (job) => codesMade(job) - (job.result?.deleted ?? 0);

/** The finished jobs that made or imported codes of which some are there, among the newest. @param {string} id @param {AbortSignal} aborted */
export async function makers(id, aborted) {
  const query = { filter: "eq(status,completed)", "page[limit]": 100 };
  const page = /** @type {Listing<Job>} */ (await get(`v2/promotions/${id}/jobs`, { query, signal: aborted }));
  const isAll = page.meta.results.total <= page.data.length;
  return { found: page.data.filter((job) => codesLeft(job) > 0), isAll };
}

/** @param {Promotion} promotion @param {Job} [first] the job whose codes are meant first */
export function deleteCodes(promotion, first) {
  const path = `v2/promotions/${promotion.id}/jobs`;
  const which = signal(ONE);
  const chosen = signal(first?.id ?? "");
  const typed = signal("");
  const start = starterOf(promotion.id);
  const jobs = resource(async (aborted) => {
    const { found } = await makers(promotion.id, aborted);
    return !first || found.some(({ id }) => id === first.id) ? found : [first, ...found];
  });
  const asked = () => ({
    type: "promotion_job",
    job_type: "code_delete",
    parameters: which.value === ALL ? { all: true } : { job_id: chosen.value || jobs.state.value.data?.[0]?.id },
  });
  const forecast = resource(async (aborted) => {
    const data = untracked(asked);
    const isClear = data.parameters.all || data.parameters.job_id;
    return isClear ? call("POST", path, { data, query: { dry_run: "true" }, signal: aborted }) : null;
  });
  const deleting = operation(() => start(untracked(asked)));
  let last = JSON.stringify(asked());
  const stop = effect(() => {
    const next = JSON.stringify(asked());
    if (next !== last) untracked(() => (typed.value = ""));
    if (next !== last) forecast.refresh();
    last = next;
  });
  const mine = ask(`Delete codes of ${asPart(promotion.name)}`, () =>
    body({ promotion, which, chosen, typed, jobs, forecast, deleting }),
  );
  onceDismissed(mine, () => {
    stop();
    jobs.close();
    forecast.close();
  });
}

/** @param {unknown} mine the dialog @param {() => void} close */
function onceDismissed(mine, close) {
  const leave = effect(() => {
    if (dialog.value === mine) return;
    close();
    queueMicrotask(() => leave());
  });
}

const COUNTING = html`<p class="soft">Counting …</p>`;

/** @param {any} given */
function body({ promotion, which, chosen, typed, jobs, forecast, deleting }) {
  const { data, isLoading, error: unknown } = forecast.state.value;
  // What was counted before is of another choice.
  const counting = isLoading || unknown;
  const dry = counting ? undefined : /** @type {One<Forecast> | null | undefined} */ (data)?.data.meta.dry_run;
  const { isBusy, error } = deleting.state.value;
  const isSure = dry && dry.codes > 0 && parsed(typed.value) === dry.codes;
  const total = counted(promotion.meta.codes.visible, "code");
  return html`
    <form onSubmit=${onSubmit(() => isSure && deleting.start())}>
      ${choice(
        "which",
        "Which codes",
        [
          { value: ONE, word: "Those of one job" },
          { value: ALL, word: `All ${total}, those made by hand too` },
        ],
        which.value,
        (value) => (which.value = value),
        true,
      )}
      ${which.value === ONE && shown(jobs, "The jobs could not be loaded", (found) => jobChoice(/** @type {Job[]} */ (found), chosen), html`<p class="soft">Looking for jobs …</p>`)}
      ${shown(forecast, "How many there are could not be found out", () => (dry ? warning(dry) : isLoading && COUNTING), COUNTING)}
      ${
        dry &&
        dry.codes > 0 &&
        field("sure", `Type ${dry.codes} to go on`, {
          value: typed.value,
          type: (value) => (typed.value = value),
          more: { inputmode: "numeric", autocomplete: "off" },
        })
      }
      ${error && refused(error, promotion.id, promotion)}
      <footer>
        <button type="button" autofocus onClick=${dismiss}>Keep them</button>
        ${press(dry?.codes ? `Delete ${counted(dry.codes, "code")}` : "Delete codes", { tone: "destroy", isBusy, isOff: !isSure })}
      </footer>
    </form>
  `;
}

/** @param {Job[]} jobs @param {import("../vendor/signals-core.module.js").Signal<string>} chosen */
function jobChoice(jobs, chosen) {
  if (!jobs.length) return html`<p class="soft">No job has codes left.</p>`;
  const choices = jobs.map((job) => ({
    value: job.id,
    word: `${jobName(job)}, ${day(job.meta.timestamps.created_at)}: ${number(codesLeft(job))}`,
  }));
  return select("Job", choices, chosen.value || (jobs[0]?.id ?? ""), (value) => (chosen.value = value));
}

/** @param {Forecast["meta"]["dry_run"]} dry */
function warning(dry) {
  if (!dry.codes) return notice("info", "There is nothing to delete");
  if (!dry.lock_is_free) return notice("warn", "Another job runs in this promotion", "Wait for its end.");
  const cost = `some ${duration(dry.estimated_seconds)}, ${dollars(dry.estimated_cost.amount)}`;
  return notice(
    "warn",
    counted(dry.codes, "code stops working", "codes stop working"),
    `It takes ${cost}. Stopping half-way brings none back.`,
  );
}
