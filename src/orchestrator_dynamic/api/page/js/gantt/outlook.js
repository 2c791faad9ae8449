/** When each ticket ran, and when those that have not will: a projection by the plan's estimates. */

import { beganAt } from '../model/run_time.js';

// What the engine takes for a task that nobody has estimated.
const UNKNOWN_MS = 60_000;
const ENDED = new Set(['COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED', 'COMPENSATED']);

export class Outlook {
  /** @param {any} model  with graph and rows */
  constructor(model) {
    this.model = model;
    const { tasks } = model.graph;
    this.byLayer = tasks.map((task) => task.n).sort((a, b) => tasks[a].layer - tasks[b].layer || a - b);
    this.planned = plannedStarts(tasks, this.byLayer);
    // The order of rows never changes while the plan runs, so that the eye can follow one.
    this.order = [...this.byLayer].sort((a, b) => this.planned[a] - this.planned[b] || a - b);
    this.starts = new Float64Array(tasks.length);
    this.ends = new Float64Array(tasks.length);
    this.end = 0;
  }

  /** The numbers of all tickets from top to bottom: tasks, then what undoes them. */
  rows() {
    const { rows, graph } = this.model;
    const undoing = [];
    for (let n = graph.tasks.length; n < rows.length; n += 1) if (rows[n]) undoing.push(n);
    return undoing.length > 0 ? [...this.order, ...undoing] : this.order;
  }

  /** Project anew from `now`; a plan that has ended keeps what has happened. */
  project(now) {
    const { model, starts, ends } = this;
    const { tasks } = model.graph;
    const open = model.workflow.phase !== 'ENDED' && model.workflow.phase !== 'HALTED';
    let last = model.workflow.ended_at ?? now;
    for (const n of this.byLayer) {
      const row = model.rows[n];
      const takes = tasks[n].estimated_ms || UNKNOWN_MS;
      const began = row ? beganAt(row) : null;
      if (row && (ENDED.has(row.stage) || row.ended_at)) {
        ends[n] = row.ended_at ?? began ?? now;
        starts[n] = began ?? ends[n];
      } else if (began && row.stage === 'RUNNING') {
        starts[n] = began;
        ends[n] = Math.max(now, began + takes);
      } else {
        let ready = now;
        for (const dep of tasks[n].deps) ready = Math.max(ready, ends[dep]);
        starts[n] = ready;
        ends[n] = ready + takes;
      }
      if (open) last = Math.max(last, ends[n]);
    }
    this.end = last;
  }
}

function plannedStarts(tasks, order) {
  const starts = new Float64Array(tasks.length);
  for (const n of order) {
    for (const dep of tasks[n].deps) {
      starts[n] = Math.max(starts[n], starts[dep] + (tasks[dep].estimated_ms || UNKNOWN_MS));
    }
  }
  return starts;
}
