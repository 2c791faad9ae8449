/** The decision behind a plan: who voted how, how sure they were, and what stands in the way. */

import { decimal, duration, moment, percent } from '../core/format.js';
import { get } from '../core/http.js';
import { t } from '../core/language.js';
import { html, useEffect, useState } from '../core/preact.js';
import { standing } from '../model/vocabulary.js';
import { Badge, Risk } from '../ui/badge.js';
import { Icon } from '../ui/icon.js';
import { Hint, ProblemNotice, Skeleton } from '../ui/notice.js';

const APPROVAL_TONES = { not_needed: 'done', waiting: 'needs', approved: 'done', rejected: 'failed', expired: 'dropped' };
const DECISION_TONES = { approve: 'done', reject: 'failed', review_required: 'needs', conditional: 'held' };

/** @param {{model: any}} props */
export function DecisionTab({ model }) {
  const [{ decision, problem }, setState] = useState({ decision: null, problem: null });
  useEffect(() => {
    const abort = new AbortController();
    get(`/api/v1/decisions/${encodeURIComponent(model.workflow.decision_id)}`, abort.signal).then(
      (found) => setState({ decision: found, problem: null }),
      (error) => abort.signal.aborted || setState({ decision: null, problem: error }),
    );
    return () => abort.abort();
  }, [model, standing(model.workflow), model.count('AWAITING_APPROVAL')]);
  return html`
    <${Hint}>${t('decision.hint')}<//>
    <${ProblemNotice} problem=${problem} />
    ${!decision && !problem && html`<${Skeleton} />`}
    ${decision && html`<div class="columns"><${Verdict} decision=${decision} /><${Approval} approval=${decision.approval} /><${Checks} decision=${decision} /><${PlanFacts} plan=${decision.plan} /><${Votes} decision=${decision} /></div>`}
  `;
}

function Verdict({ decision }) {
  return html`<section class="card">
    <h2>${t('decision.verdict')}</h2>
    <p>
      <${Badge} tone=${DECISION_TONES[decision.final_decision] ?? 'waiting'}>${t(`decision.${decision.final_decision}`)}<//>
      <span class="quiet"> ${t('decision.by', { method: t(`method.${decision.consensus_method}`) })}</span>
    </p>
    <${Meter} label=${t('decision.confidence')} value=${decision.aggregated_confidence} />
    <${Meter} label=${t('decision.risk')} value=${decision.aggregated_risk} risky />
    ${decision.reasoning_summary && html`<p class="said">${decision.reasoning_summary}</p>`}
    <p class="quiet">${t('decision.made', { at: moment(decision.created_at) })}${decision.valid_until && html` · ${t('decision.until', { at: moment(decision.valid_until) })}`}</p>
  </section>`;
}

function Approval({ approval }) {
  return html`<section class="card">
    <h2>${t('approval.title')}</h2>
    <p><${Badge} tone=${APPROVAL_TONES[approval.state] ?? 'waiting'}>${t(`approval.${approval.state}`)}<//></p>
    ${approval.reasons?.length > 0 && html`<h3>${t('approval.reasons')}</h3><ul>${approval.reasons.map((reason, i) => html`<li key=${i} lang="en">${reason}</li>`)}</ul>`}
    ${approval.steps?.length > 0 && html`<h3>${t('approval.steps')}</h3><ul class="chips">${approval.steps.map((step) => html`<li key=${step}><code>${step}</code></li>`)}</ul>`}
    ${approval.by && html`<p>${approval.by}, ${moment(approval.at)}</p>`}
    ${approval.reason && html`<p class="said">${approval.reason}</p>`}
  </section>`;
}

function Votes({ decision }) {
  const votes = decision.specialist_votes ?? [];
  const { consensus_metrics: metrics } = decision;
  return html`<section class="card wide">
    <h2>${t('votes.title', { n: votes.length })}</h2>
    ${votes.length === 0
      ? html`<p class="quiet">${t('votes.none')}</p>`
      : html`<div class="scroll-x" tabindex="0" role="region" aria-label=${t('votes.label')}><table class="simple">
          <thead><tr>
            <th scope="col">${t('votes.specialist')}</th><th scope="col">${t('votes.recommends')}</th>
            <th scope="col">${t('decision.confidence')}</th><th scope="col">${t('decision.risk')}</th>
            <th scope="col">${t('votes.weight')}</th><th scope="col">${t('votes.took')}</th>
          </tr></thead>
          <tbody>${votes.map(
            (vote) => html`<tr key=${vote.opinion_id}>
              <th scope="row">${vote.specialist_type}</th>
              <td><${Badge} tone=${DECISION_TONES[vote.recommendation] ?? 'waiting'}>${vote.recommendation}<//></td>
              <td><${Bar} value=${vote.confidence_score} /></td>
              <td><${Bar} value=${vote.risk_score} risky /></td>
              <td>${decimal(vote.weight)}</td>
              <td>${duration(vote.processing_time_ms)}</td>
            </tr>`,
          )}</tbody>
        </table></div>`}
    ${metrics && votes.length > 0 && html`<p class="quiet">${t('votes.metrics', { divergence: decimal(metrics.divergence_score), time: duration(metrics.convergence_time_ms) })} · ${t(metrics.unanimous ? 'votes.unanimous' : 'votes.divided')}${metrics.fallback_used && ` · ${t('votes.fallback')}`}</p>`}
  </section>`;
}

function Checks({ decision }) {
  const guardrails = decision.guardrails_triggered ?? [];
  const checks = Object.entries(decision.compliance_checks ?? {});
  return html`<section class="card">
    <h2>${t('checks.title')}</h2>
    <h3>${t('checks.guardrails')}</h3>
    ${guardrails.length === 0 && html`<p class="quiet"><${Icon} name="done" /> ${t('checks.no_guardrails')}</p>`}
    <ul class="plain-list">${guardrails.map((one) => html`<li key=${one}><${Badge} tone="held">${one}<//></li>`)}</ul>
    <h3>${t('checks.compliance')}</h3>
    ${checks.length === 0 && html`<p class="quiet">${t('checks.no_compliance')}</p>`}
    <ul class="plain-list">${checks.map(([name, passed]) => html`<li key=${name}><${Badge} tone=${passed ? 'done' : 'failed'}>${t(passed ? 'checks.passed' : 'checks.failed')}<//> ${name}</li>`)}</ul>
  </section>`;
}

function PlanFacts({ plan }) {
  return html`<section class="card">
    <h2>${t('stake.title')}</h2>
    ${plan.reasoning_summary && html`<p class="said">${plan.reasoning_summary}</p>`}
    <dl class="pairs">
      <dt>${t('plans.risk')}</dt><dd><${Risk} band=${plan.risk_band} /> ${decimal(plan.risk_score)}</dd>
      <dt>${t('stake.domain')}</dt><dd>${plan.domain}</dd>
      <dt>${t('stake.priority')}</dt><dd>${plan.priority}</dd>
      <dt>${t('stake.security')}</dt><dd>${plan.security_level}</dd>
      <dt>${t('stake.destructive')}</dt><dd>${plan.destructive_tasks?.length > 0 ? plan.destructive_tasks.join(', ') : t(plan.is_destructive ? 'yes' : 'no')}</dd>
    </dl>
  </section>`;
}

function Meter({ label, value, risky = false }) {
  return html`<div class="meter"><span>${label}</span><${Bar} value=${value} risky=${risky} /></div>`;
}

function Bar({ value, risky = false }) {
  return html`<span class="bar"><span class="bar-track" aria-hidden="true"><i class=${risky ? 'risky' : ''} style=${{ width: `${100 * value}%` }}></i></span>${percent(value)}</span>`;
}
