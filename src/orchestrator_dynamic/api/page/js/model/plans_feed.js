/** The list of plans: pages of it, and what changes in them as it happens. */

import { follow } from '../core/event_stream.js';
import { get } from '../core/http.js';
import { createStore } from '../core/store.js';
import { connection } from './connection.js';
import { stepsWatch } from './steps_watch.js';
import { isOpen, slaMissed } from './vocabulary.js';

const PAGE = 50;

/** The names of the filters, as the API and the address of the page have them. */
export const FILTERS = ['q', 'outcome', 'phase', 'risk_band', 'sla', 'open', 'intent_id', 'plan_id', 'age'];

// Among these are the plans that wait for a person.
const NEEDS = ['phase=AWAITING_APPROVAL', 'phase=HALTED', 'open=true'];

const AGES = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 };

/** @typedef {Record<string, any>} Summary  a WorkflowSummary */

/**
 * Follow the plans that the filters describe; `close` ends it.
 * @param {URLSearchParams} filters
 */
export function openPlans(filters) {
  /** @type {import('../core/store.js').Store<{state: string, plans: Summary[], needs: Summary[], next: string | null, problem: Error | null}>} */
  const store = createStore({ state: 'loading', plans: [], needs: [], next: null, problem: null });
  const abort = new AbortController();
  const put = (news) => store.set({ ...store.get(), ...news });

  const load = async (cursor) => {
    const query = queryOf(filters);
    query.set('limit', String(PAGE));
    if (cursor) query.set('cursor', cursor);
    const page = await get(`/api/v1/workflows?${query}`, abort.signal);
    const known = cursor ? store.get().plans : [];
    put({ state: 'ready', plans: merged(known, page.items), next: page.next, problem: null });
  };

  const loadNeeds = async () => {
    const ask = (query) => get(`/api/v1/workflows?${query}&limit=100`, abort.signal);
    const pages = await Promise.all(NEEDS.map(ask));
    const found = pages.flatMap((page) => page.items);
    put({ needs: merged([], found).filter(waits) });
    steps.look(found);
  };

  const failed = (problem) => {
    if (!abort.signal.aborted) put({ state: 'ready', problem });
  };

  const take = (news) => {
    const { plans, needs } = store.get();
    const wanted = news.filter((one) => matches(one, filters));
    const known = new Set(plans.map((one) => one.workflow_id));
    const shown = [...news.filter((one) => known.has(one.workflow_id)), ...wanted];
    put({ plans: merged(plans, shown), needs: merged(needs, news).filter(waits) });
    steps.look(news);
  };

  const steps = stepsWatch(abort.signal, (plan) => {
    put({ needs: merged(store.get().needs, [plan]).filter(waits) });
  });
  const waits = (plan) => needsPerson(plan) || steps.waiting(plan) > 0;

  load('').catch(failed);
  loadNeeds().catch(failed);
  let begun = false;
  const stream = follow('/api/v1/events', {
    onState(state) {
      connection.set(state === 'closed' ? 'resting' : state);
      // What happened while the connection was broken is in the list, not in the stream.
      if (state === 'live' && begun) {
        load('').catch(failed);
        loadNeeds().catch(failed);
      }
      begun ||= state === 'live';
    },
    onRefused: failed,
    onEvent: (event) => take(JSON.parse(event.data).workflows ?? []),
  });

  return {
    store,
    stepsWaiting: steps.waiting,
    more: () => load(store.get().next).catch(failed),
    close() {
      abort.abort();
      stream.close();
    },
  };
}

/**
 * Whether a plan goes on only when a person says so, as far as its phase tells.
 * @param {Summary} plan
 */
const needsPerson = (plan) => plan.phase === 'AWAITING_APPROVAL' || plan.phase === 'HALTED';

function queryOf(filters) {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = filters.get(name);
    if (!value) continue;
    if (name === 'age') query.set('accepted_after', String(Date.now() - (AGES[value] ?? 0)));
    else query.set(name, value);
  }
  return query;
}

function matches(plan, filters) {
  const exact = ['outcome', 'phase', 'risk_band', 'intent_id', 'plan_id'];
  if (exact.some((name) => filters.get(name) && filters.get(name) !== plan[name])) return false;
  if (filters.get('open') === 'true' && !isOpen(plan)) return false;
  if (filters.get('sla') === 'violated' && !slaMissed(plan)) return false;
  if (filters.get('sla') === 'met' && slaMissed(plan)) return false;
  const part = filters.get('q');
  if (!part) return true;
  return [plan.workflow_id, plan.plan_id, plan.intent_id].some((id) => id.includes(part));
}

/** The first list with the second put over it, newest first. */
function merged(plans, news) {
  const all = new Map(plans.map((plan) => [plan.workflow_id, plan]));
  for (const plan of news) all.set(plan.workflow_id, plan);
  return [...all.values()].sort((a, b) => b.accepted_at - a.accepted_at);
}
