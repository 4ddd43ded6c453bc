// A file goes from the bucket to the disk: the page only asks for a fresh link, and the browser follows it.

import { Refusal, call } from "../api.js";
import { size } from "../format.js";
import { html } from "../html.js";
import { ask, dismiss, explained, say } from "../view.js";

/** The links that are being asked for: a file that is pressed twice is downloaded once. */
const under = new Set();

/**
 * Starts the download of one of the job's files; a dialog says why if there is none.
 * @param {Job} job
 * @param {number} [index]
 */
export async function startDownload(job, index = 0) {
  const link = `${job.id} ${index}`;
  if (under.has(link)) return;
  under.add(link);
  try {
    const { files } = await call("GET", `v2/promotions/${job.promotion_id}/jobs/${job.id}/file`);
    const file = /** @type {LinkedFile} */ (files[index]);
    say(`Downloading ${size(file.bytes)}`);
    location.assign(file.href);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const text = explained(error);
    const isExpired = error.status === 422 && job.job_type === "code_export";
    ask(
      "The file cannot be downloaded",
      () => html`
      <p>${text}${isExpired && " Export the codes again to get a new one."}</p>
      <footer><button type="button" autofocus onClick=${dismiss}>Close</button></footer>
    `,
    );
  } finally {
    under.delete(link);
  }
}
