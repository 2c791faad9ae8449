/** One entry of a plan's journal, as a sentence. */

import { clockMs, moment } from '../core/format.js';
import { hasText, t } from '../core/language.js';
import { html } from '../core/preact.js';
import { Icon } from '../ui/icon.js';

const TASKS_SHOWN = 3;

const TONES = {
  decision_accepted: 'waiting',
  approval_given: 'done',
  approval_refused: 'failed',
  tickets_published: 'queued',
  tickets_returned: 'held',
  ticket_started: 'running',
  ticket_succeeded: 'done',
  ticket_failed: 'failed',
  cancel_requested: 'dropped',
  pause_requested: 'held',
  resume_requested: 'running',
};

/** @param {{entry: any, brief?: boolean}} props  brief: without the names of the tasks */
export function Entry({ entry, brief = false }) {
  const tone = TONES[entry.kind] ?? 'waiting';
  const key = `fact.${entry.kind}`;
  const tasks = brief ? '' : tasksOf(entry);
  return html`<span class="entry tone-ink-${tone}">
    <${Icon} name=${tone} />
    <time title=${moment(entry.at)}>${clockMs(entry.at)}</time>
    <span class="entry-text">
      <b>${hasText(key) ? t(key) : entry.kind}</b> ${tasks}
      ${entry.attempt > 1 && html`<span class="quiet"> · ${t('ticket.attempt', { n: entry.attempt })}</span>`}
      ${entry.agent && html`<span class="quiet"> · ${entry.agent}</span>`}
      ${entry.by && html`<span class="quiet"> · ${t('entry.by', { by: entry.by })}</span>`}
      ${entry.reason && html`<span> – “${entry.reason}”</span>`}
      ${entry.error && html`<span class="ink-failed" lang="en"> – ${entry.error}</span>`}
    </span>
  </span>`;
}

function tasksOf({ tasks }) {
  const shown = tasks.slice(0, TASKS_SHOWN).join(', ');
  const more = tasks.length - TASKS_SHOWN;
  return more > 0 ? `${shown} ${t('entry.more', { n: more })}` : shown;
}
