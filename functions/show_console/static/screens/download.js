// A file goes from the bucket to the disk: the page only asks for a fresh link, and the browser follows it.

import { Refusal, call } from "../api.js";
import { size } from "../format.js";
import { html } from "../html.js";
import { ask, dismiss, explained, say } from "../view.js";

/**
 * Starts the download of one of the job's files; a dialog says why if there is none.
 * @param {Job} job
 * @param {number} [index]
 */
export async function startDownload(job, index = 0) {
  try {
    const { files } = await call("GET", `v2/promotions/${job.promotion_id}/jobs/${job.id}/file`);
    const file = /** @type {LinkedFile} */ (files[index]);
    say(`Downloading ${size(file.bytes)}`);
    location.assign(file.href);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const text = explained(error);
    ask(
      "The file cannot be downloaded",
      () => html`
      <p>${text}${error.status === 422 && " Export the codes again to get a new one."}</p>
      <footer><button type="button" autofocus onClick=${dismiss}>Close</button></footer>
    `,
    );
  }
}
