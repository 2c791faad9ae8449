/** Keeps the model of one plan true: what it is, then every change, over breaks and restarts. */

import { follow } from '../core/event_stream.js';
import { atMostEvery } from '../core/frames.js';
import { ask } from '../core/head_start.js';
import { get } from '../core/http.js';
import { createStore } from '../core/store.js';
import { connection } from './connection.js';
import { PlanModel } from './plan_model.js';

// The words that explain where a plan is come with the workflow alone, not with each event.
const EXPLAIN_MS = 1500;

/** How many facts of the journal are fetched at once. */
export const JOURNAL_PAGE = 400;

/**
 * Open a plan; `close` ends its stream.
 * @param {string} id
 */
export function openPlan(id) {
  const model = new PlanModel(id);
  /** @type {import('../core/store.js').Store<Error | null>} */
  const problem = createStore(null);
  const base = `/api/v1/workflows/${encodeURIComponent(id)}`;
  const abort = new AbortController();
  let stream = null;

  const explain = atMostEvery(EXPLAIN_MS, async () => {
    try {
      const { signal } = abort;
      const { seq, ...workflow } = await get(base, signal);
      if (!signal.aborted && seq >= model.seq) model.takeWorkflow(workflow);
    } catch {
      // The next change asks again; until then the last words stand.
    }
  });

  const reload = async () => {
    const snapshot = await get(`${base}/snapshot`, abort.signal);
    if (!abort.signal.aborted) model.takeSnapshot(snapshot);
  };

  const listener = {
    onState: (state) => connection.set(state === 'closed' ? 'resting' : state),
    onRefused: (error) => problem.set(error),
    onEvent(event) {
      const change = JSON.parse(event.data);
      model.takeChange(change);
      if (change.reload) reload().catch(() => stream?.close());
      explain();
    },
  };

  const start = async () => {
    try {
      ask(base, abort.signal).then(
        ({ seq, ...workflow }) => model.hasRows || model.takeWorkflow(workflow),
        () => {},
      );
      const graph = get(`${base}/graph`, abort.signal);
      graph.catch(() => {});
      await reload();
      model.takeGraph(await graph);
      if (model.workflow.phase !== 'ENDED') {
        stream = follow(`${base}/events`, listener, String(model.seq));
      } else {
        connection.set('resting');
      }
    } catch (error) {
      if (!abort.signal.aborted) problem.set(error);
    }
  };

  start();
  return {
    model,
    problem,
    refresh: explain,
    close() {
      abort.abort();
      stream?.close();
    },
  };
}

/**
 * Fetch the page of the journal before what is known.
 * @param {PlanModel} model
 */
export async function fetchOlder(model) {
  const to = model.entriesFrom;
  const after = Math.max(0, to - 1 - JOURNAL_PAGE);
  const base = `/api/v1/workflows/${encodeURIComponent(model.id)}/timeline`;
  const page = await get(`${base}?cursor=${after}&limit=${JOURNAL_PAGE}`);
  model.takeOlder(
    page.items.filter((entry) => entry.seq < to),
    after + 1,
  );
}
