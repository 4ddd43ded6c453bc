// All promotions: what they give, when they run, how full they are, and what runs in them.

import { Refusal, get } from "../api.js";
import { bar } from "../chart.js";
import { ZONE, day, dayAndTime, number } from "../format.js";
import { html, now } from "../html.js";
import { resource } from "../resource.js";
import { link } from "../router.js";
import { FARTHEST, empty, heading, icon, notice, paged, pager, pill, shown, time } from "../view.js";
import { gives, isOpen, kindOf, promotionStatus } from "../words.js";

const PAUSE = 2000;

/** @typedef {{page: Listing<Promotion>, jobs: Map<string, Job>}} Shown open jobs by promotion */

/** @type {import("../screens.js").Open} */
export function promotionsScreen(_, query) {
  const offset = Number(query.get("offset") ?? 0);
  const list = resource(
    (signal) => load(offset, signal),
    // A job may have ended since its promotion was listed.
    ({ page }) => (page.data.some((it) => it.meta.codes.open_job) ? PAUSE : 0),
  );
  return {
    title: () => "Promotions",
    close: list.close,
    view() {
      const isEmpty = list.state.value.data?.page.meta.results.total === 0;
      return html`
        ${heading("Promotions", { actions: !isEmpty && newButton() })}
        ${shown(list, "The promotions could not be loaded", (it) => (isEmpty ? nothing() : table(it)))}
      `;
    },
  };
}

/** @param {number} offset @param {AbortSignal} signal @returns {Promise<Shown>} */
async function load(offset, signal) {
  const page = /** @type {Listing<Promotion>} */ (
    await get("v2/promotions", { query: { "page[offset]": offset }, signal })
  );
  const open = page.data.filter((it) => it.meta.codes.open_job);
  const jobs = await Promise.all(
    open.map((it) => get(`v2/promotions/${it.id}/jobs/${it.meta.codes.open_job}`, { signal }).catch(noneIfGone)),
  );
  const under = jobs.map((it) => it?.data).filter((job) => job && isOpen(job));
  return { page, jobs: new Map(under.map((job) => [job.promotion_id, job])) };
}

/** The promotion may be deleted since it was listed. @param {unknown} error */
function noneIfGone(error) {
  if (error instanceof Refusal && error.status === 404) return null;
  throw error;
}

const newButton = () =>
  html`<a class="button primary" href=${link("/promotions/new")}>${icon("plus")}New promotion</a>`;

const nothing = () => html`
  <div class="card">
    ${empty(
      "ticket",
      "No promotions yet",
      "A promotion holds codes. Create one, then generate its codes, or look at what the API does.",
      html`${newButton()}<a class="button" href="docs">The API’s page</a>`,
    )}
  </div>
`;

/** @param {Shown} given */
const table = ({ page, jobs }) => html`
  ${
    page.meta.results.total > FARTHEST &&
    notice(
      "info",
      `The list shows the first ${number(FARTHEST)} promotions`,
      "Look a code up to get to the promotion that has it.",
    )
  }
  <section class="card flush" aria-label="Promotions">
    <div class="wide">
      <table class="cards">
        <caption class="hidden">Promotions, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Promotion</th>
            <th scope="col">Status</th>
            <th scope="col">Runs (your time, ${ZONE})</th>
            <th scope="col" class="num">Codes</th>
            <th scope="col">Capacity</th>
          </tr>
        </thead>
        <tbody>${page.data.map((it) => row(it, jobs.get(it.id)))}</tbody>
      </table>
    </div>
    ${pager(page.meta, paged("/promotions", {}))}
  </section>
`;

/** @param {Promotion} it @param {Job | undefined} job */
const row = (it, job) => html`
  <tr key=${it.id}>
    <td><a class="name" href=${link(`/promotions/${it.id}`)}>${it.name}</a><span class="under">${gives(it)}</span></td>
    <td class="mark">${pill(promotionStatus(it, now.value))}</td>
    <td class="soft small line">${time(it.start, day)} – ${time(it.end, dayAndTime)}</td>
    <td class="num nowrap line">${number(it.meta.codes.visible)} <span class="under">of ${number(it.max_codes)}</span></td>
    <td class="nowrap capacity">${job ? running(job) : capacity(it)}</td>
  </tr>
`;

/** @param {Job} job */
function running(job) {
  const { progress } = job.meta;
  const doing = job.status === "cancelling" ? "Cancelling" : kindOf(job).doing;
  const word = progress ? `${doing}, ${progress.percent} %` : `${doing}, waiting`;
  return pill({ word, tone: "busy", mark: "bolt" });
}

/** @param {Promotion} it */
const capacity = (it) => html`
  ${bar(it.meta.codes.in_use, it.max_codes)}
  <span class="hidden">${Math.floor((100 * it.meta.codes.in_use) / it.max_codes)} % full</span>
`;
