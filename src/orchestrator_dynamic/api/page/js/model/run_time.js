/** When a ticket ran, from the moments in its row. */

/** How long an attempt ran, or has run until now. */
export function runOf(row, now) {
  const began = row.started_at ?? row.published_at;
  if (!began) return null;
  if (row.ended_at) return row.ended_at - began;
  return row.stage === 'RUNNING' ? Math.max(0, now - began) : null;
}

/** When a ticket began to run, as far as anybody has said. */
export const beganAt = (row) => row.started_at ?? row.published_at;
