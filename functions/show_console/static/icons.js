// Outlines on a grid of 24, drawn with the colour of the text beside them.

import { html } from "./html.js";

const PATHS = {
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  check: "M5 12.5 10 17 19 7",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2",
  coin: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM14.500 9.200c-.4-.9-1.300-1.400-2.500-1.400-1.500 0-2.600.7-2.600 2 0 2.900 5.300 1.400 5.300 4.300 0 1.400-1.200 2.100-2.700 2.100-1.400 0-2.400-.6-2.800-1.600M12 6.200v1.600M12 16.200v1.600",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  cross: "M6 6l12 12M18 6 6 18",
  dice: "M4 4h16v16H4zM8.500 8.500v.1M15.500 15.500v.1M12 12v.1",
  down: "M12 4v11M7 11l5 5 5-5M5 20h14",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.1",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  off: "M4 4l16 16M8.500 16.400a5 5 0 0 1 7 0M5 12.800a10 10 0 0 1 4.500-2.500M19 12.800a10 10 0 0 0-3.200-2.200M12 20v.1",
  plus: "M12 5v14M5 12h14",
  room: "M4 20V9l8-5 8 5v11zM9 20v-6h6v6",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.300 15.300 20 20",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4 12H2M22 12h-2M5.600 5.600 4.200 4.200M19.800 19.800l-1.400-1.400M18.400 5.600l1.400-1.400M4.200 19.800l1.400-1.400",
  ticket: "M3 8.500V6h18v2.500a2.500 2.500 0 0 0 0 5V18H3v-4.500a2.500 2.500 0 0 0 0-5zM14.500 6v2M14.500 11v2M14.500 16v2",
  trash: "M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13M10 11v5M14 11v5",
  undo: "M9 7 4 12l5 5M4 12h11a5 5 0 0 1 0 10h-2",
  warn: "M12 4 2.500 20h19zM12 10v4.500M12 17.400v.2",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export const icon = (name) =>
  html`<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

export const logo = () => html`
  <svg class="logo" viewBox="0 0 26 26" aria-hidden="true">
    <path
      d="M3 6a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2v3.500a3.500 3.500 0 0 0 0 7V20a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-3.500a3.500 3.500 0 0 0 0-7z"
    />
    <path class="cut" d="M15.500 8v1.500M15.500 12.300v1.500M15.500 16.600v1.500" />
  </svg>
`;
