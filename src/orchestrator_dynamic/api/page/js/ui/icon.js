/** Small drawings beside words: each tone has a shape of its own, so that colour is never alone. */

import { html } from '../core/preact.js';

/** Outlines in a box of 16 by 16, to be stroked. */
export const PATHS = {
  waiting: 'M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 1 0 0-9.6',
  needs: 'M8 2.2 14.3 13H1.7ZM8 6.3v3M8 11.2v.2',
  queued: 'M3 4.5h10M3 8h7M3 11.5h4',
  held: 'M4 2.5h8M4 13.5h8M4.8 2.5c0 3 6.4 2.6 6.4 5.5S4.8 10.5 4.8 13.5M11.2 2.5c0 3-6.4 2.6-6.4 5.5s6.4 2.5 6.4 5.5',
  running: 'M5 3.2 12.5 8 5 12.8Z',
  done: 'M2.8 8.6 6.4 12 13.2 4.4',
  failed: 'M4 4l8 8M12 4l-8 8',
  undone: 'M5.5 3 2.5 6l3 3M2.8 6H9.5a3.7 3.7 0 1 1 0 7.4H6',
  dropped: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 1 0 8 2.8M4.4 4.4l7.2 7.2',
  paused: 'M5.5 3.5v9M10.5 3.5v9',
  search: 'M7 2.7a4.3 4.3 0 1 0 0 8.6 4.3 4.3 0 1 0 0-8.6M10.3 10.3 13.6 13.6',
  close: 'M4 4l8 8M12 4l-8 8',
  right: 'M6 3.5 10.5 8 6 12.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  up: 'M3.5 10 8 5.5 12.5 10',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  drop: 'M8 2.5v7M4.8 6.6 8 9.8l3.2-3.2M2.8 11.2v2h10.4v-2',
  plans: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  letters: 'M2 4h12v8.5H2ZM2 4l6 5 6-5',
  book: 'M3 3h4.2L8 4l.8-1H13v9.5H8.8l-.8.8-.8-.8H3ZM8 4v9',
  info: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 1 0 8 2.8M8 7.2v3.6M8 5v.2',
  lock: 'M4 7.2h8v6H4ZM5.5 7V5.2a2.5 2.5 0 0 1 5 0V7',
  flag: 'M4 14V2.5M4 3h8l-2 2.7 2 2.8H4',
  clock: 'M8 2.6a5.4 5.4 0 1 0 0 10.8A5.4 5.4 0 1 0 8 2.6M8 5v3.2l2.2 1.4',
  repeat: 'M12.8 6.5A5 5 0 0 0 3.6 5.4M3.2 2.8v2.8H6M3.2 9.5a5 5 0 0 0 9.2 1.1M12.8 13.2v-2.8H10',
};

/**
 * An icon that means nothing by itself: the word stands beside it.
 * @param {{name: keyof typeof PATHS, class?: string}} props
 */
export function Icon({ name, class: extra = '' }) {
  return html`<svg class="icon ${extra}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
