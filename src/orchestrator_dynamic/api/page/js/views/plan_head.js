/** The head of a plan: where it is and why, what is left, and what can be done about it. */

import { duration, moment, number } from '../core/format.js';
import { useNow } from '../core/hooks.js';
import { t } from '../core/language.js';
import { html } from '../core/preact.js';
import { href } from '../core/router.js';
import { isOpen, standing, STAGES, toneOfPlan, toneOfStage } from '../model/vocabulary.js';
import { PlanBadge, Risk } from '../ui/badge.js';
import { Copyable } from '../ui/copyable.js';
import { Icon } from '../ui/icon.js';
import { Legend, Progress } from '../ui/progress.js';
import { SlaLeft } from '../ui/sla.js';
import { PlanActions, WaitsForYou } from './plan_actions.js';

/** @param {{feed: any}} props */
export function PlanHead({ feed }) {
  const { model } = feed;
  const { workflow } = model;
  const open = isOpen(workflow);
  const now = useNow(1000, open);
  const parts = partsOf(model);
  const why = workflow.why || workflow.reason;
  return html`<header class="plan-head tone-edge-${toneOfPlan(standing(workflow))}">
    <p class="crumbs"><a href=${href(['plans'])}>${t('plans.title')}</a> <span aria-hidden="true">›</span></p>
    <div class="plan-title">
      <h1>${workflow.plan_id}</h1>
      <${PlanBadge} workflow=${workflow} />
      <${Risk} band=${workflow.risk_band} />
      <span class="push"></span>
      <${PlanActions} feed=${feed} />
    </div>
    ${why && html`<p class="why"><span class="quiet">${t('why')}</span> <span lang="en">${why}</span></p>`}
    <${WaitsForYou} feed=${feed} />
    <${Progress} parts=${parts} total=${workflow.tasks} label=${t('progress.label', workflow)} />
    <div class="figures"><${Legend} parts=${parts} />
    <dl class="facts">
      <${Fact} name=${t('deadline')}><${SlaLeft} workflow=${workflow} now=${now} /><//>
      <${Fact} name=${t(open ? 'head.since' : 'head.took')}
        ><span title=${moment(workflow.accepted_at)}>${duration((workflow.ended_at ?? now) - workflow.accepted_at)}</span><//
      >
      <${Fact} name=${t('critical')}>${duration(workflow.critical_path_ms || model.graph?.critical_path_ms)}<//>
      <${Fact} name=${t('head.retried')}>${number(workflow.retried)}<//>
      <${Fact} name=${t('head.incidents')}>
        ${workflow.incidents > 0
          ? html`<a class="ink-failed" href=${href(['plans', model.id, 'audit'])}
              ><${Icon} name="flag" />${number(workflow.incidents)}</a
            >`
          : number(0)}
      <//>
    </dl></div>
    <details class="ids">
      <summary>${t('head.ids')}</summary>
      <${Ids} workflow=${workflow} />
    </details>
  </header>`;
}

function Fact({ name, children }) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${children}</dd>
  </div>`;
}

function Ids({ workflow }) {
  const ids = ['workflow_id', 'decision_id', 'intent_id'];
  return html`<dl class="pairs">
    ${ids.map((id) => html`<dt key=${`k${id}`}>${t(`id.${id}`)}</dt><dd key=${id}><${Copyable} text=${workflow[id]} /></dd>`)}
    <dt>${t('id.submitted_by')}</dt>
    <dd>${workflow.submitted_by ?? '–'}</dd>
    ${workflow.arrival &&
    html`<dt>${t('id.arrival')}</dt>
      <dd>${workflow.arrival.source} · ${workflow.arrival.envelope} · ${moment(workflow.arrival.received_at)}</dd>`}
    <${Link} name="retry_of" id=${workflow.retry_of} />
    <${Link} name="retried_as" id=${workflow.retried_as} />
  </dl>`;
}

function Link({ name, id }) {
  if (!id) return null;
  return html`<dt>${t(`id.${name}`)}</dt>
    <dd><a href=${href(['plans', id])}>${id}</a></dd>`;
}

/** How many tasks of a plan have each tone. */
function partsOf(model) {
  const parts = {};
  const stages = model.hasRows ? (stage) => model.count(stage) : (stage) => model.workflow.stages?.[stage] ?? 0;
  for (const stage of STAGES) {
    const tone = toneOfStage(stage);
    parts[tone] = (parts[tone] ?? 0) + stages(stage);
  }
  return parts;
}
