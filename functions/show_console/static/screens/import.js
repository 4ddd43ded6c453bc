// Importing codes from a CSV: the file goes from the disk to the bucket, and a job reads it there.

import { Refusal, call } from "../api.js";
import { number, size } from "../format.js";
import { choice, faultsOf, field, focusFault, onSubmit, press } from "../forms.js";
import { html, signal } from "../html.js";
import { operation, promotionOf } from "../resource.js";
import { guard } from "../router.js";
import { facts, say } from "../view.js";
import {
  NAME,
  USES,
  WRONG_NUMBER,
  formHead,
  locked,
  nameField,
  refused,
  starterOf,
  usesFields,
  usesOf,
} from "./job-form.js";

const MOST_BYTES = 500_000_000;
const HEAD_BYTES = 2000;
const HEAD_LINES = 4;
const BYTES = "data.bytes";
const NO_TEXT = "This is no text in UTF-8, but perhaps a workbook. Save it as CSV in UTF-8, and choose that.";
const UNREADABLE = "The file cannot be read: choose it again.";
const STOPPED = "You stopped it: nothing was imported";
const UPLOAD = "data.parameters.upload_id";

/** @typedef {import("./job-form.js").Uses & {name: string, duplicates: string}} Filled */

/** @type {Filled} */
const AT_FIRST = { name: "", duplicates: "skip", uses: "once", most: "10", unit: "per_cart" };

/** @typedef {{file: File, head: string[], fault?: string}} Chosen a file, its first lines, and why it cannot be imported */

/** @param {Filled} filled @param {string} uploadId */
const jobOf = ({ name, duplicates, ...uses }, uploadId) => ({
  type: "promotion_job",
  job_type: "code_import",
  name: name.trim() || undefined,
  parameters: { upload_id: uploadId, on_duplicate: duplicates, ...usesOf(uses) },
});

/** @type {import("../screens.js").Open} */
export function importScreen({ id = "" }) {
  const promotion = promotionOf(id);
  const filled = signal(AT_FIRST);
  const chosen = signal(/** @type {Chosen | null} */ (null));
  const importing = importOf(id, filled, chosen);
  return {
    title: () => "Import codes",
    close() {
      importing.stop();
      promotion.close();
    },
    view() {
      const it = /** @type {Promotion | undefined} */ (promotion.state.value.data?.data);
      return html`${formHead("Import codes", id, promotion)} ${form(id, it, filled, chosen, importing)}`;
    },
  };
}

/**
 * Sends the file, once however often the job is asked for, and starts the job.
 * @param {string} id
 * @param {import("../vendor/signals-core.module.js").Signal<Filled>} filled
 * @param {import("../vendor/signals-core.module.js").Signal<Chosen | null>} chosen
 */
function importOf(id, filled, chosen) {
  const start = starterOf(id);
  const sent = signal(0);
  let under = new AbortController();
  let upload = { file: /** @type {File | undefined} */ (undefined), id: "" };
  const starting = operation(async (/** @type {File} */ file) => {
    if (upload.file !== file) {
      under = new AbortController();
      sent.value = 0;
      const { data } = await call("POST", `v2/promotions/${id}/uploads`, { data: { bytes: file.size } });
      await put(data, file, under.signal, (bytes) => (sent.value = bytes));
      upload = { file, id: data.upload_id };
      say("The file was sent");
    }
    await start(jobOf(filled.peek(), upload.id));
  });
  return {
    state: starting.state,
    forget: starting.forget,
    sent,
    stop: () => under.abort(),
    async start() {
      const file = chosen.peek()?.file;
      if (file) await starting.start(file);
      // What became of it is of no use beside another one.
      if (file !== chosen.peek()?.file) starting.forget();
      // It was used, or a day is over: the next press sends the file again.
      if (starting.state.peek().error?.faults[0]?.source === UPLOAD) upload.file = undefined;
    },
  };
}

/**
 * @param {{href: string, headers: Record<string, string>}} to
 * @param {File} file
 * @param {AbortSignal} stopped
 * @param {(bytes: number) => void} progress
 * @returns {Promise<void>} rejected with a Refusal
 */
const put = ({ href, headers }, file, stopped, progress) =>
  new Promise((resolve, reject) => {
    // fetch() does not tell how much of a file is sent.
    const request = new XMLHttpRequest();
    const fail = (/** @type {string} */ title) => reject(new Refusal(request.status, [{ title, source: BYTES }]));
    if (stopped.aborted) return fail(STOPPED);
    request.open("PUT", href);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded }) => progress(loaded));
    request.addEventListener("load", () => (request.status === 200 ? resolve() : fail("The bucket refused the file")));
    request.addEventListener("error", () => fail("The file could not be sent: if it was changed meanwhile, choose it again"));
    request.addEventListener("abort", () => fail(STOPPED));
    stopped.addEventListener("abort", () => request.abort());
    request.send(file);
  });

/** @typedef {ReturnType<typeof importOf>} Importing */

/**
 * @param {string} id
 * @param {Promotion | undefined} it
 * @param {import("../vendor/signals-core.module.js").Signal<Filled>} filled
 * @param {import("../vendor/signals-core.module.js").Signal<Chosen | null>} chosen
 * @param {Importing} importing
 */
function form(id, it, filled, chosen, importing) {
  const { error, isBusy } = importing.state.value;
  const { faults, others } = faultsOf(error, [NAME, USES, BYTES, UPLOAD]);
  const isLocked = Boolean(it?.meta.codes.open_job);
  const isReady = chosen.value && !chosen.value.fault && usesOf(filled.value);
  const changed = () => {
    guard.isDirty = () => true;
    if (importing.state.peek().error) importing.forget();
  };
  const set = (/** @type {Partial<Filled>} */ change) => {
    filled.value = { ...filled.peek(), ...change };
    changed();
  };
  const choose = async (/** @type {File | undefined} */ file) => {
    importing.stop();
    chosen.value = file ? await looked(file) : null;
    changed();
  };
  const send = async () => {
    if (isReady) await importing.start();
    if (!isReady || importing.state.peek().error) focusFault();
  };
  const all = { ...localFaults(filled.value, chosen.value), ...faults };
  return html`
    <form class="split" onSubmit=${onSubmit(send)} novalidate>
      <div class="card">${fields(filled.value, set, choose, all)}</div>
      <aside class="card stick" aria-labelledby="before">
        ${about(it, chosen.value)} ${isBusy && sending(importing, chosen.value)}
        ${isLocked && locked(id, it, "The button works when that one has ended.")}
        ${error && others.length > 0 && refused(error, id, it)}
        ${press("Import the codes", { tone: "primary", isBusy, isOff: !isReady || isLocked })}
        <p class="hint centred">Its codes can be used when the job is completed, all at once.</p>
      </aside>
    </form>
  `;
}

/** @param {Filled} filled @param {Chosen | null} chosen @returns {import("./job-form.js").Faults} */
const localFaults = (filled, chosen) => ({
  ...(chosen?.fault && { [BYTES]: chosen.fault }),
  ...(!usesOf(filled) && { [USES]: WRONG_NUMBER }),
});

/** What can be seen of a file before it is sent. @param {File} file @returns {Promise<Chosen>} */
async function looked(file) {
  try {
    const bytes = await file.slice(0, HEAD_BYTES).arrayBuffer();
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    const fault = file.size ? "A file has at most 500 MB." : "The file is empty.";
    const head = text.split(/\r?\n/).slice(0, HEAD_LINES);
    return file.size && file.size <= MOST_BYTES ? { file, head } : { file, head, fault };
  } catch (error) {
    return { file, head: [], fault: error instanceof DOMException ? UNREADABLE : NO_TEXT };
  }
}

const HINT = html`
  Text in UTF-8, at most 500 MB. The first line names the columns: <code>code</code>, and if there are any,${" "}
  <code>max_uses</code>, <code>consume_unit</code> and <code>user</code>. Others are ignored.
`;

const DUPLICATES = [
  { value: "skip", word: "Leave it out" },
  { value: "fail", word: "Stop, and import nothing" },
];

/** @param {Filled} filled @param {(change: Partial<Filled>) => void} set @param {(file: File | undefined) => void} choose @param {import("./job-form.js").Faults} faults */
const fields = (filled, set, choose, faults) => html`
  ${field("file", "CSV file", {
    type: (_, { files }) => choose(files?.[0]),
    fault: faults[BYTES] ?? faults[UPLOAD],
    kind: "file",
    hint: HINT,
    more: { accept: ".csv,.tsv,.txt,text/csv", required: true },
  })}
  ${nameField(filled.name, set, faults)}
  ${choice("duplicates", "A code that is in use already", DUPLICATES, filled.duplicates, (duplicates) => set({ duplicates }))}
  ${usesFields(filled, set, faults)}
  <p class="hint">Rows with a <code>max_uses</code> or <code>consume_unit</code> of their own keep it.</p>
`;

/** @param {Promotion | undefined} it @param {Chosen | null} chosen */
const about = (it, chosen) => html`
  <h2 id="before">Before anything is imported</h2>
  ${
    chosen?.head.length
      ? html`
        <div class="sample raw">${chosen.head.map((line) => html`<span>${line}</span>`)}</div>
        <p class="hint centred">How the file begins.</p>
      `
      : html`<p class="hint">Choose a file: its first lines are here then. Nothing is sent before you press.</p>`
  }
  ${facts([
    ["Size", chosen ? size(chosen.file.size) : "…"],
    ["Room in the promotion", it ? number(it.max_codes - it.meta.codes.in_use) : "…"],
  ])}
`;

/** @param {Importing} importing @param {Chosen | null} chosen */
function sending({ sent, stop }, chosen) {
  const all = chosen?.file.size ?? 0;
  const isSent = sent.value >= all;
  return html`
    <progress max=${all} value=${sent.value} aria-label="Sending the file"></progress>
    <p class="row apart small">
      <span>${isSent ? "Sent. Starting the job …" : `Sent ${size(sent.value)} of ${size(all)}`}</span>
      ${!isSent && html`<button class="mini" type="button" onClick=${stop}>Stop</button>`}
    </p>
  `;
}
