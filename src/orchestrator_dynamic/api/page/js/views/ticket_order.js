/** Which tickets the table shows, and in what order; followed as they change, not at each change. */

import { now } from '../core/clock.js';
import { atMostEvery } from '../core/frames.js';
import { useEffect, useMemo, useState } from '../core/preact.js';
import { runOf } from '../model/run_time.js';
import { codeOf, TONE_OF_CODE } from '../model/vocabulary.js';

const RESORT_MS = 400;

/**
 * Return the numbers of the tickets that are wanted, in order.
 * @param {any} model
 * @param {{sort: {by: string, down: boolean}, tone: string, part: string, type: string}} wish
 * @returns {number[]}
 */
export function useTicketOrder(model, wish) {
  const { sort, tone, part, type } = wish;
  const [turn, setTurn] = useState(0);
  useEffect(() => model.watchRows(atMostEvery(RESORT_MS, () => setTurn((n) => n + 1))), [model]);
  return useMemo(
    () => ordered(model, wish),
    [model, model.graph, turn, sort.by, sort.down, tone, part, type],
  );
}

function ordered(model, { sort, tone, part, type }) {
  if (!model.graph) return [];
  const numbers = [];
  for (const row of model.rows) {
    if (!row) continue;
    if (tone && TONE_OF_CODE[model.codes[row.number]] !== tone) continue;
    const task = model.taskOf(row.number);
    if (type && task?.type !== type) continue;
    if (part && !found(part, row, task)) continue;
    numbers.push(row.number);
  }
  const key = keyOf(sort.by, model);
  if (!key) return sort.down ? numbers.reverse() : numbers;
  const keys = new Map(numbers.map((number) => [number, key(model.rows[number])]));
  const sign = sort.down ? -1 : 1;
  return numbers.sort((a, b) => sign * compare(keys.get(a), keys.get(b)) || a - b);
}

function found(part, row, task) {
  const texts = [task?.id, task?.description, row.agent, row.error];
  return texts.some((text) => text?.toLowerCase().includes(part));
}

function keyOf(by, model) {
  const moment = now();
  return {
    task: (row) => model.nameOf(row.number),
    type: (row) => model.taskOf(row.number)?.type,
    stage: (row) => codeOf(row.stage),
    attempt: (row) => row.attempt,
    agent: (row) => row.agent,
    started: (row) => row.started_at ?? row.published_at,
    ran: (row) => runOf(row, moment),
  }[by];
}

// What has no value comes last, upwards and downwards the other end.
function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return a < b ? -1 : 1;
}
