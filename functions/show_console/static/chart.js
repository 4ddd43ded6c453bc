// Pictures as plain SVG: the rate of a job over time, and bars that compare numbers.

import { clockTime, number } from "./format.js";
import { html } from "./html.js";

const [WIDTH, HEIGHT] = [600, 80];

/** A round number that is not below the value. @param {number} value */
function above(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 2.5, 4, 5, 8, 10].map((it) => it * power).find((it) => it >= value) ?? 10 * power;
}

/**
 * The rate since the page was opened, and as a dashed line the rest at the rate of now.
 * @param {import("./watch.js").Pace} pace
 * @param {string} unit what is counted, such as `code`
 */
export function rateChart({ points, left = 0 }, unit) {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) return null;
  const top = above(Math.max(...points.map((it) => it.rate)));
  const end = Math.max(last.at + left, last.at * 1.02, 1);
  const x = (/** @type {number} */ at) => ((at / end) * WIDTH).toFixed(1);
  const y = (/** @type {number} */ rate) => (HEIGHT - (rate / top) * (HEIGHT - 6)).toFixed(1);
  const path = points.map((it) => `${x(it.at)},${y(it.rate)}`).join("L");
  const rates = points.map((it) => Math.round(it.rate));
  const label = `A rate since the page was opened, in ${unit}s a second: between ${number(Math.min(...rates))} and ${number(
    Math.max(...rates),
  )}, now ${number(rates.at(-1) ?? 0)}`;
  const began = Date.now() - last.at * 1000;
  return html`
    <figure>
      <p>The upper line is ${number(top)} ${unit}s a second</p>
      <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}>
        <path class="grid" d="M0 6H${WIDTH}M0 43H${WIDTH}M0 ${HEIGHT}H${WIDTH}" />
        <path class="area" d="M${path}L${x(last.at)},${HEIGHT}L${x(first.at)},${HEIGHT}Z" />
        <path class="line" d="M${path}" />
        <path class="rest" d="M${x(last.at)} ${y(last.rate)}H${WIDTH}" />
      </svg>
      <figcaption>
        <span>${clockTime(began)}</span>
        <span>${left ? `about ${clockTime(Date.now() + left * 1000)}` : "now"}</span>
      </figcaption>
    </figure>
  `;
}

/** A thin bar that says how much of the whole the value is. @param {number} value @param {number} whole */
export function bar(value, whole) {
  const share = whole ? Math.min(value / whole, 1) * 100 : 0;
  return html`
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="rail" width="100" height="8" rx="2" />
      <rect class="part" width=${value ? Math.max(share, 2) : 0} height="8" rx="2" />
    </svg>
  `;
}

/**
 * Numbers side by side, each with its name; a person who does not see the bars reads the same as a list.
 * @param {string} label
 * @param {{name: any, value: number, text?: string, key: string}[]} rows
 */
export function bars(label, rows) {
  const most = Math.max(...rows.map((it) => it.value), 1);
  return html`
    <ul class="bars" aria-label=${label}>
      ${rows.map(
        (it) =>
          html`<li key=${it.key}><span>${it.name}</span>${bar(it.value, most)}<b>${it.text ?? number(it.value)}</b></li>`,
      )}
    </ul>
  `;
}

/**
 * Uses by day as columns, the newest on the right.
 * @param {string} label
 * @param {{name: string, value: number | undefined, text: string}[]} days
 */
export function columns(label, days) {
  const most = Math.max(...days.map((it) => it.value ?? 0), 1);
  const step = WIDTH / days.length;
  return html`
    <figure class="columns">
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT + 4}" preserveAspectRatio="none" role="img" aria-label=${label}>
        <path class="grid" d="M0 ${HEIGHT + 2}H${WIDTH}" />
        ${days.map(({ value, name, text }, at) => {
          const height = value ? Math.max((value / most) * HEIGHT, 2) : 0;
          return html`<rect class="part" key=${name} x=${at * step + 2} y=${HEIGHT + 2 - height} width=${step - 4} height=${height}><title>${name}: ${text}</title></rect>`;
        })}
      </svg>
      <figcaption><span>${days[0]?.name}</span><span>${days.at(-1)?.name}</span></figcaption>
    </figure>
  `;
}
