/** Finds running plans with steps that wait for a person: lists do not say so, each plan does. */

import { get } from '../core/http.js';
import { isOpen } from './vocabulary.js';

// One question at a time with a pause between, so that a busy engine hardly notices.
const PAUSE_MS = 150;
const ASKED_MAX = 200;

/**
 * @param {AbortSignal} signal
 * @param {(plan: Record<string, any>) => void} tell  hears of each plan whose waiting steps changed
 */
export function stepsWatch(signal, tell) {
  const waiting = new Map();
  const queue = new Map();
  let busy = false;

  const ask = async () => {
    if (busy) return;
    busy = true;
    try {
      while (queue.size > 0 && !signal.aborted) {
        const [id] = queue.keys();
        queue.delete(id);
        await look(id);
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    } finally {
      busy = false;
    }
  };

  const look = async (id) => {
    try {
      const plan = await get(`/api/v1/workflows/${encodeURIComponent(id)}`, signal);
      const steps = plan.waiting_for_approval.steps.length;
      if ((waiting.get(id) ?? 0) === steps) return;
      waiting.set(id, steps);
      tell(plan);
    } catch {
      // Asked again with its next change.
    }
  };

  return {
    /** How many steps of a plan wait for a person. */
    waiting: (plan) => (isOpen(plan) ? (waiting.get(plan.workflow_id) ?? 0) : 0),
    /** Look at plans that are new or have changed. */
    look(plans) {
      for (const plan of plans) {
        if (plan.phase === 'RUNNING' && queue.size < ASKED_MAX) queue.set(plan.workflow_id, true);
      }
      ask();
    },
  };
}
