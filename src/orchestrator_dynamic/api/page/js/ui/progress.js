/** How far a plan has come, as a bar of its tickets' tones. */

import { number } from '../core/format.js';
import { t } from '../core/language.js';
import { html } from '../core/preact.js';
import { TONES } from '../model/vocabulary.js';

/**
 * @param {{parts: Partial<Record<import('../model/vocabulary.js').Tone, number>>, total: number, label: string}} props
 */
export function Progress({ parts, total, label }) {
  const shown = TONES.filter((tone) => (parts[tone] ?? 0) > 0 && tone !== 'waiting');
  return html`<div class="progress" role="img" aria-label=${label} title=${label}>
    ${shown.map(
      (tone) =>
        html`<i
          key=${tone}
          class="fill tone-${tone}"
          style=${{ width: `${(100 * parts[tone]) / Math.max(total, 1)}%` }}
        ></i>`,
    )}
  </div>`;
}

/** The progress of a plan of which only the summary is known. @param {{workflow: any}} props */
export function SummaryProgress({ workflow }) {
  const { tasks, completed, failed, compensated } = workflow;
  const label = t('progress.label', { completed, tasks });
  return html`<div class="progress-cell">
    <${Progress}
      parts=${{ done: completed, failed, undone: compensated }}
      total=${tasks}
      label=${label}
    />
    <span class="progress-text"
      >${t('progress.short', { completed, tasks })}${failed > 0 &&
      html` · <b class="ink-failed">${t('progress.failed', { n: failed })}</b>`}</span
    >
  </div>`;
}

/** The tones and how many tickets each has. @param {{parts: Record<string, number>}} props */
export function Legend({ parts }) {
  return html`<ul class="legend">
    ${TONES.filter((tone) => parts[tone] > 0).map(
      (tone) => html`<li key=${tone}>
        <i class="dot tone-${tone}" aria-hidden="true"></i>${t(`tone.${tone}`)}
        <b>${number(parts[tone])}</b>
      </li>`,
    )}
  </ul>`;
}
