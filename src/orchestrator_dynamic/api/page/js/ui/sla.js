/** What is left of a plan's deadline. */

import { duration } from '../core/format.js';
import { t } from '../core/language.js';
import { html } from '../core/preact.js';
import { isOpen } from '../model/vocabulary.js';
import { Icon } from './icon.js';

/** @param {{workflow: any, now: number}} props */
export function SlaLeft({ workflow, now }) {
  const { deadline_at: deadline, ended_at: ended, accepted_at: accepted } = workflow;
  const missed = workflow.sla_violations > 0;
  const tickets = missed && html`<span class="ink-failed">${t('sla.missed', { n: workflow.sla_violations })}</span>`;
  if (!deadline) return html`<span class="sla quiet">${tickets || '–'}</span>`;
  const left = deadline - (isOpen(workflow) ? now : (ended ?? now));
  const used = 1 - left / Math.max(1, deadline - accepted);
  const level = left < 0 ? 'late' : used > 0.8 ? 'near' : 'good';
  const key = isOpen(workflow) ? 'open' : 'ended';
  const icon = { late: 'failed', near: 'needs', good: isOpen(workflow) ? 'clock' : 'done' }[level];
  const text = t(`sla.${key}.${left < 0 ? 'late' : 'left'}`, { time: duration(Math.abs(left)) });
  return html`<span class="sla sla-${level}"><${Icon} name=${icon} />${text}</span>${missed &&
    left >= 0 &&
    html`<br />${tickets}`}`;
}
