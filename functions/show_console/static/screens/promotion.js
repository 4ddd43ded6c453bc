// One promotion: what runs in it, what it holds, and its jobs.

import { get } from "../api.js";
import { bar } from "../chart.js";
import { ZONE, counted, dayAndTime, duration, number } from "../format.js";
import { press } from "../forms.js";
import { effect, html, now, signal, untracked } from "../html.js";
import { operation, resource } from "../resource.js";
import { go, link } from "../router.js";
import {
  brief,
  copyable,
  crumbs,
  empty,
  facts,
  failure,
  heading,
  icon,
  paged,
  pager,
  pill,
  select,
  shown,
  time,
} from "../view.js";
import { watchJob } from "../watch.js";
import { KINDS, STATUSES, gives, isOpen, jobName, jobStatus, kindOf, promotionName, promotionStatus } from "../words.js";
import { codesMade, deleteCodes } from "./delete-codes.js";
import { startDownload } from "./download.js";
import { refused, starterOf } from "./job-form.js";
import { refusedRows } from "./report.js";
import { runningCard, waiting } from "./running.js";

/** @typedef {import("../watch.js").Watched} Watched */

/** @type {import("../screens.js").Open} */
export function promotionScreen({ id = "" }, query) {
  const asked = {
    kind: query.get("kind") ?? "",
    status: query.get("status") ?? "",
    offset: Number(query.get("offset") ?? 0),
  };
  const promotion = resource((aborted) => get(`v2/promotions/${id}`, { signal: aborted }));
  const jobs = resource((aborted) => get(`v2/promotions/${id}/jobs`, { query: jobsQuery(asked), signal: aborted }));
  const { watched, stop } = watchOpenJob(id, promotion, () => {
    promotion.refresh();
    jobs.refresh();
  });
  const { exporting, exportAll } = exportOf(id);
  return {
    title: () => promotionName(promotion),
    close() {
      stop();
      watched.peek()?.close();
      promotion.close();
      jobs.close();
    },
    view() {
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      const watch = watched.value;
      const running = watch?.job.state.value.data;
      const isLocked = Boolean(it?.meta.codes.open_job);
      const isGone = promotion.state.value.error?.status === 404;
      return html`
        ${promotionHead(promotion, "jobs", it && buttons(it, isLocked, exporting.state.value.isBusy, exportAll))}
        ${exporting.state.value.error && refused(exporting.state.value.error, id, it)}
        ${watch && whatRuns(watch, isLocked)} ${it && summary(it, jobs.state.value.data)}
        ${!isGone && shown(jobs, "The jobs could not be loaded", (page) => jobsTable(id, page, asked, running))}
      `;
    },
  };
}

/** The job that runs, and why nothing can be begun meanwhile. @param {Watched} watch @param {boolean} isLocked */
function whatRuns(watch, isLocked) {
  const { data, error, retryAt } = watch.job.state.value;
  return html`
    ${error && failure("The job that runs could not be loaded", error, { again: watch.job.refresh, retryAt })}
    ${data && isOpen(data.data) ? runningCard(watch, data.data) : isLocked && waiting()}
  `;
}

/**
 * The job that is open in the promotion, as soon as the promotion says so.
 * @param {string} id
 * @param {import("../resource.js").Resource<One<Promotion>>} promotion
 * @param {() => void} ended
 */
function watchOpenJob(id, promotion, ended) {
  const watched = signal(/** @type {Watched | null} */ (null));
  const stop = effect(() => {
    const open = promotion.state.value.data?.data.meta.codes.open_job;
    untracked(() => {
      if (open && watched.peek()?.job.state.peek().data?.data.id === open) return;
      watched.peek()?.close();
      watched.value = open ? watchJob(id, open, ended) : null;
    });
  });
  return { watched, stop };
}

/** @param {string} id */
export function exportOf(id) {
  const start = starterOf(id);
  const exporting = operation((/** @type {unknown} */ parameters) =>
    start({ type: "promotion_job", job_type: "code_export", parameters }),
  );
  return { exporting, exportAll: (/** @type {unknown} */ parameters = undefined) => exporting.start(parameters) };
}

/** @param {{kind: string, status: string, offset: number}} asked */
function jobsQuery({ kind, status, offset }) {
  const clauses = [kind && `eq(job_type,${kind})`, status && `eq(status,${status})`].filter(Boolean);
  return { filter: clauses.join(":"), "page[offset]": offset };
}

/** @param {Promotion} it @param {boolean} isLocked @param {boolean} isBusy @param {() => void} exportAll */
function buttons(it, isLocked, isBusy, exportAll) {
  const isEmpty = it.meta.codes.visible === 0;
  const why = isLocked ? "why" : undefined;
  return html`
    ${way(it, "generate", "Generate codes", "plus", "primary", why)} ${way(it, "import", "Import", "up", "", why)}
    ${press("Export", { mark: "down", isBusy, isOff: isLocked || isEmpty, why, run: () => exportAll() })}
    ${press("Delete codes …", { tone: "danger", mark: "trash", isOff: isLocked || isEmpty, why, run: () => deleteCodes(it) })}
  `;
}

/** A link to a form, off for the reason that is said there. @param {Promotion} it @param {string} to @param {string} label @param {import("../view.js").IconName} mark @param {string} tone @param {string | undefined} why */
const way = (it, to, label, mark, tone, why) =>
  why
    ? press(label, { tone, mark, isOff: true, why, run: () => {} })
    : html`<a class="button ${tone}" href=${link(`/promotions/${it.id}/${to}`)}>${icon(mark)}${label}</a>`;

/** @param {Promotion} it @param {Listing<Job> | undefined} jobs */
function summary(it, jobs) {
  const { in_use: inUse, visible, open_job: open } = it.meta.codes;
  const last = jobs?.data.find((job) => job.job_type === "code_export" && job.status === "completed");
  return html`
    <div class="card">
      ${facts([
        ["Codes", html`${number(visible)} <span class="soft">of ${number(it.max_codes)}</span>`],
        [
          "Room left",
          html`${number(it.max_codes - inUse)} ${open && html`<span class="soft">with the job that runs</span>`}`,
        ],
        [
          "Last export",
          last ? brief(last.meta.timestamps.updated_at) : html`<span class="soft">none in this list</span>`,
        ],
        ["Changed", time(it.meta.timestamps.updated_at)],
      ])}
    </div>
  `;
}

/** @param {string} id @param {Listing<Job>} page @param {{kind: string, status: string}} asked @param {One<Job> | undefined} running */
function jobsTable(id, page, asked, running) {
  const isFiltered = asked.kind || asked.status;
  if (!page.meta.results.total && !isFiltered) return nothing(id);
  const path = `/promotions/${id}`;
  const rows = page.data.map((job) => (job.id === running?.data.id ? running.data : job));
  const most = Math.max(...rows.map(codesOf), 1);
  const kinds = [
    { value: "", word: "All kinds" },
    ...Object.entries(KINDS).map(([value, { word }]) => ({ value, word })),
  ];
  return html`
    <section class="card flush" aria-labelledby="jobs">
      <header>
        <h2 id="jobs">Jobs</h2>
        <div class="row">
          ${select("Kind", kinds, asked.kind, (kind) => go(link(path, { ...asked, kind, offset: 0 })))}
          ${select("Status", [{ value: "", word: "Any status" }, ...STATUSES], asked.status, (status) =>
            go(link(path, { ...asked, status, offset: 0 })),
          )}
        </div>
      </header>
      <div class="wide">
        <table class="cards">
          <caption class="hidden">Jobs, newest first</caption>
          ${jobsHead()}
          <tbody>${rows.map((job) => jobRow(job, most, (running ?? page).served))}</tbody>
        </table>
      </div>
      ${page.meta.results.total === 0 && html`<p class="pad soft">No job is of this kind and status.</p>`}
      ${pager(page.meta, paged(path, asked))}
    </section>
  `;
}

const jobsHead = () => html`
  <thead>
    <tr>
      <th scope="col">Job</th>
      <th scope="col">Status</th>
      <th scope="col" class="num">Codes</th>
      <th scope="col">Started</th>
      <th scope="col" class="num">Took</th>
      <th scope="col"><span class="hidden">File</span></th>
    </tr>
  </thead>
`;

/** @param {string} id */
const nothing = (id) => html`
  <div class="card">
    ${empty(
      "plus",
      "No codes yet",
      "Generate some: before anything is made you see the format, how hard the codes are to guess, how long it takes and what it costs.",
      html`
        <a class="button primary" href=${link(`/promotions/${id}/generate`)}>Generate codes</a>
        <a class="button" href=${link(`/promotions/${id}/import`)}>Import codes that you have</a>
      `,
    )}
  </div>
`;

/** How many codes a job is about. @param {Job} job */
export function codesOf(job) {
  const files = job.meta.files ?? (job.meta.file ? [job.meta.file] : []);
  if (job.job_type === "code_generate") return job.parameters?.number_of_codes ?? 0;
  if (job.job_type === "code_import") return job.result?.imported ?? job.meta.progress?.total ?? 0;
  if (files.length) return files.reduce((sum, file) => sum + file.rows, 0);
  return job.result?.deleted ?? job.meta.progress?.total ?? 0;
}

/** @param {Job} job @param {number} most @param {number} served */
function jobRow(job, most, served) {
  const { created_at: began, updated_at: changed } = job.meta.timestamps;
  const took = ((isOpen(job) ? served : Date.parse(changed)) - Date.parse(began)) / 1000;
  const isImport = job.job_type === "code_import";
  const hasFile = job.meta.file && job.status === "completed" && (!isImport || refusedRows(job) > 0);
  const [file, title] = isImport ? ["Report", "report"] : ["CSV", "CSV"];
  return html`
    <tr key=${job.id}>
      <td>
        <span class="row tight">
          <span class="soft">${icon(kindOf(job).mark)}</span>
          <span>
            <a class="name" href=${link(`/promotions/${job.promotion_id}/jobs/${job.id}`)}>${jobName(job)}</a>
            <span class="under">${kindOf(job).word}${remark(job)}</span>
          </span>
        </span>
      </td>
      <td class="mark">${pill(jobStatus(job))}</td>
      <td class="num nowrap drop">${codesText(job)} ${bar(madeOf(job), most)}</td>
      <td class="soft small nowrap">${brief(began)}</td>
      <td class="num soft small nowrap drop">${duration(took)}${isOpen(job) && " so far"}</td>
      <td class="right nowrap">
        ${
          hasFile &&
          html`<button class="mini" type="button" aria-label="Download the ${title} of ${jobName(job)}" onClick=${() => startDownload(job)}>${icon("down")}${file}</button>`
        }
      </td>
    </tr>
  `;
}

/** What is to be known of a job beside its kind. @param {Job} job */
function remark(job) {
  if (job.error) return html` · <span class="bad">${job.error}</span>`;
  const made = codesMade(job);
  if (job.status !== "completed" || !made) return "";
  const { deleted = 0 } = job.result ?? {};
  const notTaken = refusedRows(job) && ` · ${counted(refusedRows(job), "row")} not taken`;
  const since = deleted && (deleted >= made ? " · all deleted since" : ` · ${number(deleted)} deleted since`);
  return html`${notTaken || ""}${since || ""}`;
}

/** How many codes there are of it, or it wrote or deleted. @param {Job} job */
function madeOf(job) {
  const { progress } = job.meta;
  if (progress) return job.status === "cancelling" ? progress.total - progress.done : progress.done;
  return job.status === "completed" ? codesOf(job) : 0;
}

/** @param {Job} job */
function codesText(job) {
  const [made, all] = [madeOf(job), codesOf(job)];
  return made === all ? number(all) : html`${number(made)} <span class="soft">of ${number(all)}</span>`;
}

const TABS = [
  { name: "jobs", word: "Jobs", path: "" },
  { name: "codes", word: "Codes", path: "/codes" },
  { name: "uses", word: "Uses", path: "/uses" },
  { name: "settings", word: "Settings", path: "/settings" },
];

/**
 * @param {import("../resource.js").Resource<One<Promotion>>} promotion
 * @param {string} tab
 * @param {any} [actions]
 */
export function promotionHead(promotion, tab, actions) {
  const { data, error, retryAt } = promotion.state.value;
  const it = data?.data;
  const before = crumbs([{ text: "Promotions", href: link("/promotions") }]);
  if (!it) {
    return html`
      ${heading(error?.status === 404 ? "This promotion is not there any more" : "Promotion", { before })}
      ${error && failure("The promotion could not be loaded", error, { again: promotion.refresh, retryAt })}
    `;
  }
  const after = html`
    ${gives(it)} · ${time(it.start, dayAndTime)} – ${time(it.end, dayAndTime)} in ${ZONE} · ${copyable(it.id)}
  `;
  return html`
    ${heading(it.name, { before, mark: pill(promotionStatus(it, now.value)), after, actions })}
    ${error && failure("The promotion could not be loaded again", error, { again: promotion.refresh, retryAt })}
    <nav class="tabs" aria-label="Pages of the promotion">
      ${TABS.map(
        ({ name, word, path }) =>
          html`<a key=${name} href=${link(`/promotions/${it.id}${path}`)} aria-current=${name === tab ? "page" : undefined}>${word}</a>`,
      )}
    </nav>
  `;
}
