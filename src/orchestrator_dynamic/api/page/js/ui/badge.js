/** Words with a tone: where a plan or a ticket is. */

import { t } from '../core/language.js';
import { html } from '../core/preact.js';
import { standing, toneOfPlan, toneOfStage } from '../model/vocabulary.js';
import { Icon } from './icon.js';

/** @param {{tone: string, icon?: string, children?: unknown}} props */
export function Badge({ tone, icon, children }) {
  return html`<span class="badge tone-${tone}"><${Icon} name=${icon ?? tone} />${children}</span>`;
}

/** @param {{workflow: any}} props */
export function PlanBadge({ workflow }) {
  const word = standing(workflow);
  const icon = word === 'PAUSED' ? 'paused' : undefined;
  return html`<${Badge} tone=${toneOfPlan(word)} icon=${icon}>${t(`plan.${word}`)}<//>`;
}

/** @param {{stage: string}} props */
export function StageBadge({ stage }) {
  return html`<${Badge} tone=${toneOfStage(stage)}>${t(`stage.${stage}`)}<//>`;
}

/** @param {{band: string}} props */
export function Risk({ band }) {
  const level = { low: 1, medium: 2, high: 3, critical: 4 }[band] ?? 0;
  return html`<span class="risk risk-${band}">
    <span class="risk-bars" aria-hidden="true"
      >${[1, 2, 3, 4].map((n) => html`<i key=${n} class=${n <= level ? 'on' : ''}></i>`)}</span
    >${t(`risk.${band}`)}
  </span>`;
}
