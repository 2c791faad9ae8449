/** The list of plans, live: what waits for a person on top, then all of them, newest first. */

import { announce } from '../core/announce.js';
import { ago, duration, moment } from '../core/format.js';
import { mark } from '../core/frames.js';
import { useNews, useNow } from '../core/hooks.js';
import { t } from '../core/language.js';
import { html, useEffect, useMemo, useRef, useState } from '../core/preact.js';
import { href, usePlace } from '../core/router.js';
import { openPlans } from '../model/plans_feed.js';
import { isOpen } from '../model/vocabulary.js';
import { PlanBadge, Risk } from '../ui/badge.js';
import { Icon } from '../ui/icon.js';
import { Empty, Hint, ProblemNotice, Skeleton } from '../ui/notice.js';
import { SummaryProgress } from '../ui/progress.js';
import { SlaLeft } from '../ui/sla.js';
import { PlanFilters } from './plan_filters.js';

// A busy engine brings plans by the thousand; so many rows are enough to look at.
const STEP = 50;
const NEEDS_SHOWN = 6;

export function PlansView() {
  const { query } = usePlace();
  const filters = query.toString();
  const feed = useMemo(() => openPlans(new URLSearchParams(filters)), [filters]);
  useEffect(() => () => feed.close(), [feed]);
  useNews(feed.store);
  const now = useNow(1000);
  const { state, plans, needs, next, problem } = feed.store.get();
  const [most, setMost] = useState(STEP);
  const more = () => {
    setMost(most + STEP);
    if (plans.length < most + STEP && next) feed.more();
  };
  useNeedsAnnounced(needs);
  useEffect(() => {
    if (state === 'ready') mark('page:useful');
  }, [state]);
  document.title = `${needs.length > 0 ? `(${needs.length}) ` : ''}${t('plans.title')} · Orchestrator Dynamic`;

  return html`
    <h1>${t('plans.title')}</h1>
    <${Hint}>${t('plans.hint')}<//>
    ${needs.length > 0 && html`<${Needs} plans=${needs} stepsWaiting=${feed.stepsWaiting} now=${now} />`}
    <${PlanFilters} query=${query} />
    <${ProblemNotice} problem=${problem} />
    ${state === 'loading' && html`<${Skeleton} lines=${8} />`}
    ${state === 'ready' && plans.length === 0 && html`<${Nothing} filtered=${filters !== ''} />`}
    ${plans.length > 0 && html`<${Table} plans=${plans.slice(0, most)} now=${now} />`}
    ${(next || plans.length > most) &&
    html`<p class="more">
      <button type="button" class="button" onClick=${more}>${t('plans.more')}</button>
    </p>`}
  `;
}

function Needs({ plans, stepsWaiting, now }) {
  return html`<section class="needs" aria-labelledby="needs-title">
    <h2 id="needs-title"><${Icon} name="needs" />${t('needs.title', { n: plans.length })}</h2>
    <ul>
      ${plans.slice(0, NEEDS_SHOWN).map((plan) => {
        const steps = stepsWaiting(plan);
        const what = steps > 0 ? t('needs.steps', { n: steps }) : t(`needs.${plan.phase}`);
        return html`<li key=${plan.workflow_id}>
          <a href=${href(['plans', plan.workflow_id])}>${plan.plan_id}</a>
          <span>${what}</span>
          <${Risk} band=${plan.risk_band} />
          <span class="quiet">${ago(plan.accepted_at, now)}</span>
          <a class="button small" href=${href(['plans', plan.workflow_id])}>${t('needs.look')}</a>
        </li>`;
      })}
      ${plans.length > NEEDS_SHOWN &&
      html`<li><a href=${href(['plans'], { phase: 'AWAITING_APPROVAL' })}>${t('entry.more', { n: plans.length - NEEDS_SHOWN })}</a></li>`}
    </ul>
  </section>`;
}

function Table({ plans, now }) {
  const heads = ['state', 'plan', 'progress', 'sla', 'risk', 'age'];
  return html`<table class="plans">
    <caption class="unseen">${t('plans.caption')}</caption>
    <thead>
      <tr>${heads.map((head) => html`<th key=${head} scope="col">${t(`plans.${head}`)}</th>`)}</tr>
    </thead>
    <tbody>
      ${plans.map((plan) => html`<${PlanRow} key=${plan.workflow_id} plan=${plan} now=${now} />`)}
    </tbody>
  </table>`;
}

function PlanRow({ plan, now }) {
  const took = (plan.ended_at ?? now) - plan.accepted_at;
  return html`<tr>
    <td class="cell-state"><${PlanBadge} workflow=${plan} /></td>
    <th scope="row" class="cell-plan">
      <a href=${href(['plans', plan.workflow_id])}>${plan.plan_id}</a>
      <span class="quiet clip" title=${plan.intent_id}>${plan.intent_id}</span>
    </th>
    <td class="cell-progress"><${SummaryProgress} workflow=${plan} /></td>
    <td class="cell-sla"><${SlaLeft} workflow=${plan} now=${now} /></td>
    <td class="cell-risk"><${Risk} band=${plan.risk_band} /></td>
    <td class="cell-age" title=${moment(plan.accepted_at)}>
      ${ago(plan.accepted_at, now)}
      <span class="quiet">${t(isOpen(plan) ? 'plans.for' : 'plans.took', { took: duration(took) })}</span>
    </td>
  </tr>`;
}

function Nothing({ filtered }) {
  if (filtered) {
    return html`<${Empty} title=${t('plans.none_match')} icon="search">
      <a class="button" href=${href(['plans'])}>${t('plans.clear')}</a>
    <//>`;
  }
  return html`<${Empty} title=${t('plans.none')} icon="drop">
    <p>${t('plans.none_hint')}</p>
    <p><code class="command">orq submit plan.json</code></p>
    <a class="button primary" href=${href(['submit'])}>${t('nav.submit')}</a>
  <//>`;
}

function useNeedsAnnounced(needs) {
  const known = useRef(null);
  useEffect(() => {
    const fresh = needs.filter((plan) => known.current && !known.current.has(plan.workflow_id));
    known.current = new Set(needs.map((plan) => plan.workflow_id));
    if (fresh.length > 0) announce(t('needs.announced', { plan: fresh[0].plan_id }));
  }, [needs]);
}
