/** The server's time, by which deadlines are counted even where this machine's clock is off. */

// `Date` has whole seconds, so that less than two are no sign of a wrong clock.
const TOLERATED_MS = 2000;
let skew = 0;

/**
 * Learn the server's time from an answer.
 * @param {Headers} headers
 */
export function learnTime(headers) {
  const told = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(told)) return;
  const off = told - Date.now();
  skew = Math.abs(off) > TOLERATED_MS ? off : 0;
}

/** Return the server's time in epoch milliseconds. */
export const now = () => Date.now() + skew;
