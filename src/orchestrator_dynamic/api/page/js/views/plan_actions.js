/** What a person can do about a plan, each with a dialog that asks why. */

import { t } from '../core/language.js';
import { html, useState } from '../core/preact.js';
import { may, me } from '../core/session.js';
import { codeOf, isOpen } from '../model/vocabulary.js';
import { ActionButton } from '../ui/action_button.js';
import { Icon } from '../ui/icon.js';
import { ActionDialog } from './action_dialog.js';

/** Each action: what it needs, how it looks, and when there is any sense in it. */
const ACTIONS = {
  approve: { scope: 'approve', icon: 'done', kind: 'primary' },
  reject: { scope: 'approve', icon: 'failed', kind: 'danger' },
  pause: { scope: 'operate', icon: 'paused', when: (w) => w.phase === 'RUNNING' && !w.paused },
  resume: { scope: 'operate', icon: 'running', when: (w) => isOpen(w) && Boolean(w.paused) },
  cancel: {
    scope: 'operate',
    icon: 'dropped',
    when: (w) => isOpen(w) && w.phase !== 'CANCELLING',
  },
  retry: {
    scope: 'operate',
    icon: 'repeat',
    when: (w) => !isOpen(w) && w.outcome !== 'SUCCESS' && !w.retried_as,
  },
};

/** @param {{feed: any}} props */
export function PlanActions({ feed }) {
  const [asking, ask] = useState(null);
  const { workflow } = feed.model;
  const possible = Object.keys(ACTIONS).filter((name) => ACTIONS[name].when?.(workflow));
  return html`<div class="actions">
    ${possible.map((name) => html`<${Action} key=${name} name=${name} ask=${ask} />`)}
    ${asking && html`<${ActionDialog} action=${asking} feed=${feed} onClose=${() => ask(null)} />`}
  </div>`;
}

/** The steps that wait for a person now, or the whole plan. @param {{feed: any}} props */
export function WaitsForYou({ feed }) {
  const [asking, ask] = useState(null);
  const { model } = feed;
  const { workflow } = model;
  const asked = asking ?? waitingOf(model);
  if (!asked) return null;
  const { plan, steps } = asked;
  const who = me.get();
  const own = who && who.identity !== 'open' && workflow.submitted_by === who.subject;
  return html`<section class="needs beside" aria-label=${t('needs.label')}>
    <div class="needs-text"><h2><${Icon} name="needs" />${plan ? t('needs.plan') : t('needs.steps', { n: steps.length })}</h2>
    <p>${t(plan ? 'needs.plan.hint' : 'needs.steps.hint')}</p>
    ${steps.length > 0 &&
    html`<ul class="chips">${steps.slice(0, 12).map((step) => html`<li key=${step}><code>${step}</code></li>`)}</ul>`}
    ${own && html`<p class="quiet"><${Icon} name="info" /> ${t('needs.own')}</p>`}
    ${who && !may('approve') && html`<p class="quiet"><${Icon} name="lock" /> ${t('forbidden.scope', { scope: 'approve' })}</p>`}</div>
    <p class="row">
      <${Action} name="approve" ask=${(action) => ask({ ...asked, action })} />
      <${Action} name="reject" ask=${(action) => ask({ ...asked, action })} />
    </p>
    ${asking &&
    html`<${ActionDialog} action=${asking.action} feed=${feed} steps=${steps} onClose=${() => ask(null)} />`}
  </section>`;
}

function Action({ name, ask }) {
  const { scope, icon, kind } = ACTIONS[name];
  return html`<${ActionButton} name=${name} scope=${scope} icon=${icon} kind=${kind} onPress=${() => ask(name)}
    >${t(`action.${name}`)}<//
  >`;
}

/** What waits for a person now; it is kept while somebody decides, also if others were quicker. */
function waitingOf(model) {
  const { workflow } = model;
  if (workflow.phase === 'AWAITING_APPROVAL') return { plan: true, steps: [] };
  const steps = isOpen(workflow) ? stepsWaiting(model) : [];
  return steps.length > 0 ? { plan: false, steps } : null;
}

function stepsWaiting(model) {
  const wanted = codeOf('AWAITING_APPROVAL');
  if (!model.graph || model.count('AWAITING_APPROVAL') === 0) {
    return model.hasRows ? [] : (model.workflow.waiting_for_approval?.steps ?? []);
  }
  return model.graph.tasks.filter((task) => model.codes[task.n] === wanted).map((task) => task.id);
}
