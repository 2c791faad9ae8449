/** A plan's pace: how many tickets ran and waited at a moment, and how many ended in it. */

import { beganAt } from '../model/run_time.js';

const BINS = 120;
// Rounder than the bins need be, so that the numbers on the axis can be told.
const STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 3_600_000];

/**
 * @param {any} model @param {number} until
 * @returns {{step: number, at: number[], running: number[], queued: number[], ended: number[]}}
 */
export function throughputOf(model, until) {
  const from = model.workflow.started_at ?? model.workflow.accepted_at;
  const span = Math.max(1000, until - from);
  const step = STEPS_MS.find((one) => span / one <= BINS) ?? Math.ceil(span / BINS);
  const count = Math.ceil(span / step) + 1;
  const changes = { running: new Int32Array(count + 1), queued: new Int32Array(count + 1) };
  const ended = new Array(count).fill(0);
  const bin = (at) => Math.min(count, Math.max(0, Math.ceil((at - from) / step)));
  for (const row of model.rows) {
    if (!row) continue;
    const began = beganAt(row);
    if (row.ready_at) {
      changes.queued[bin(row.ready_at)] += 1;
      const left = began ?? row.ended_at;
      if (left) changes.queued[bin(left)] -= 1;
    }
    if (began && (row.ended_at || row.stage === 'RUNNING')) {
      changes.running[bin(began)] += 1;
      if (row.ended_at) changes.running[bin(row.ended_at)] -= 1;
    }
    if (row.ended_at && began) ended[Math.min(count - 1, Math.floor((row.ended_at - from) / step))] += 1;
  }
  return {
    step,
    at: Array.from({ length: count }, (_, i) => (from + i * step) / 1000),
    running: summed(changes.running, count),
    queued: summed(changes.queued, count),
    ended: ended.map((n) => (n * 1000) / step),
  };
}

function summed(changes, count) {
  let sum = 0;
  return Array.from({ length: count }, (_, i) => (sum += changes[i]));
}
