/** What was found out about a decision before it is submitted: findings, order, projected end. */

import { duration, moment, number } from '../core/format.js';
import { t } from '../core/language.js';
import { html } from '../core/preact.js';
import { Badge } from '../ui/badge.js';
import { Grid } from '../ui/grid.js';
import { Icon } from '../ui/icon.js';
import { useNarrow } from '../ui/narrow.js';
import { Findings } from '../ui/notice.js';

const PATH_SHOWN = 40;

/** @param {{validation: any, name: string, children?: unknown}} props */
export function Examined({ validation, name, children }) {
  const findings = validation.findings ?? [];
  const tone = validation.valid ? (validation.verdict === 'run' ? 'done' : 'needs') : 'failed';
  return html`<section class="card" aria-labelledby="examined-title">
    <h2 id="examined-title">${name}</h2>
    <p>
      <${Badge} tone=${tone}>${t(validation.valid ? 'submit.valid' : 'submit.invalid')}<//>
      ${validation.why && html`<span lang="en"> ${validation.why}</span>`}
    </p>
    <${Findings} findings=${findings} />
    ${children}
    ${validation.tickets?.length > 0 && html`<${Outlook} validation=${validation} />`}
  </section>`;
}

function Outlook({ validation }) {
  const path = validation.critical_path ?? [];
  return html`
    <dl class="facts">
      <div><dt>${t('examined.plan')}</dt><dd>${validation.plan_id}</dd></div>
      <div><dt>${t('examined.tasks')}</dt><dd>${number(validation.tasks)}</dd></div>
      <div><dt>${t('examined.takes')}</dt><dd>${duration(validation.projected_duration_ms)}</dd></div>
      <div><dt>${t('examined.end')}</dt><dd>${moment(validation.projected_end_at)}</dd></div>
      <div><dt>${t('deadline')}</dt><dd>${moment(validation.deadline_at)}</dd></div>
    </dl>
    ${validation.unestimated_tasks > 0 && html`<p class="quiet">${t('examined.unestimated', { n: validation.unestimated_tasks })}</p>`}
    <h3>${t('critical')} <span class="quiet">${duration(validation.critical_path_ms)}</span></h3>
    <ol class="path">
      ${path.slice(0, PATH_SHOWN).map((task) => html`<li key=${task}><code>${task}</code></li>`)}
      ${path.length > PATH_SHOWN && html`<li>${t('entry.more', { n: path.length - PATH_SHOWN })}</li>`}
    </ol>
    <h3>${t('examined.order')}</h3>
    <${Order} validation=${validation} />
  `;
}

function Order({ validation }) {
  const narrow = useNarrow();
  const { tickets } = validation;
  const total = Math.max(1, validation.projected_duration_ms);
  const critical = new Set(validation.critical_path);
  const bar = (ticket) => {
    const left = (100 * ticket.begins_ms) / total;
    const width = Math.max(0.5, (100 * (ticket.estimated_duration_ms ?? 0)) / total);
    return html`<span class="outlook-bar"><i class=${critical.has(ticket.task_id) ? 'critical-bar' : ''} style=${{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }}></i></span>`;
  };
  const task = (i) => html`<span class="clip">${tickets[i].task_id}</span>${critical.has(tickets[i].task_id) && html`<span class="critical" title=${t('critical')}><${Icon} name="flag" /></span>`}`;
  const columns = [
    { id: 'number', title: '#', width: '3.5rem', cell: (i) => number(i + 1) },
    { id: 'task', title: t('tickets.task'), width: 'minmax(8rem, 1.2fr)', cell: task },
    { id: 'type', title: t('tickets.type'), width: '7rem', cell: (i) => tickets[i].task_type },
    { id: 'takes', title: t('examined.takes'), width: '5.5rem', cell: (i) => duration(tickets[i].estimated_duration_ms) },
    { id: 'when', title: t('examined.when'), width: 'minmax(8rem, 2fr)', cell: (i) => bar(tickets[i]) },
  ];
  return html`<${Grid}
    label=${t('examined.order')}
    columns=${narrow ? [columns[1], columns[3]] : columns}
    count=${tickets.length}
    keyOf=${(i) => tickets[i].task_id}
    height=${34}
  />`;
}
