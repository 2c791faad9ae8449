/** One plan: its head, its tabs, and the panel of the ticket that was chosen. */

import { announce } from '../core/announce.js';
import { mark } from '../core/frames.js';
import { useNews, useStore } from '../core/hooks.js';
import { t } from '../core/language.js';
import { html, useEffect, useMemo, useRef } from '../core/preact.js';
import { go, href, usePlace } from '../core/router.js';
import { openPlan } from '../model/plan_feed.js';
import { standing } from '../model/vocabulary.js';
import { lazy } from '../ui/lazy.js';
import { ProblemNotice, Skeleton } from '../ui/notice.js';
import { Tabs } from '../ui/tabs.js';
import { GraphTab } from './graph_tab.js';
import { PlanHead } from './plan_head.js';

const TABS = {
  graph: GraphTab,
  timeline: lazy(() => import('./timeline_tab.js'), 'TimelineTab'),
  tickets: lazy(() => import('./tickets.js'), 'TicketsTab'),
  decision: lazy(() => import('./decision.js'), 'DecisionTab'),
  audit: lazy(() => import('./audit.js'), 'AuditTab'),
  journal: lazy(() => import('./journal.js'), 'JournalTab'),
};
const TicketPanel = lazy(() => import('./ticket_panel.js'), 'TicketPanel');

/** @param {{id: string, tab: string}} props */
export function PlanView({ id, tab }) {
  const feed = useMemo(() => openPlan(id), [id]);
  useEffect(() => () => feed.close(), [feed]);
  const problem = useStore(feed.problem);
  const { query } = usePlace();
  useNews(feed.model);
  const { model } = feed;
  useStandingAnnounced(model);

  const ready = model.workflow !== null;
  useEffect(() => {
    if (ready) requestAnimationFrame(() => mark('page:useful'));
  }, [ready]);

  const name = model.workflow?.plan_id ?? id;
  document.title = `${name} · Orchestrator Dynamic`;
  const active = tab in TABS ? tab : 'graph';
  const ticket = query.get('ticket');
  const choose = (number) =>
    go(href(['plans', id, active], { ...Object.fromEntries(query), ticket: number }), {
      replace: ticket !== null,
    });
  const Tab = TABS[active];

  if (!ready) {
    return html`<h1>${name}</h1>
      ${problem ? html`<${ProblemNotice} problem=${problem} />` : html`<${Skeleton} />`}`;
  }
  const tabs = Object.keys(TABS).map((one) => ({
    id: one,
    text: t(`tab.${one}`),
    href: href(['plans', id, one], { ticket }),
  }));
  return html`
    <${PlanHead} feed=${feed} />
    <${ProblemNotice} problem=${problem} />
    <${Tabs} label=${t('tab.label')} tabs=${tabs} active=${active} panel="tab-panel" />
    <div class="split ${ticket === null ? '' : 'with-panel'}">
      <div id="tab-panel" class="panel" role="tabpanel" aria-labelledby="tab-${active}">
        <${Tab} feed=${feed} model=${model} choose=${choose} chosen=${ticket === null ? null : Number(ticket)} />
      </div>
      ${ticket !== null &&
      html`<${TicketPanel}
        key=${ticket}
        model=${model}
        number=${Number(ticket)}
        choose=${choose}
      />`}
    </div>
  `;
}

function useStandingAnnounced(model) {
  const word = model.workflow ? standing(model.workflow) : null;
  const known = useRef(null);
  useEffect(() => {
    if (known.current && word && known.current !== word) {
      announce(`${model.workflow.plan_id}: ${t(`plan.${word}`)}`);
    }
    known.current = word;
  }, [word]);
}
