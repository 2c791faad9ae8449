/** One ticket beside its plan: what it waits for and why, its attempts, its result, its story. */

import { clockMs, duration, moment } from '../core/format.js';
import { atMostEvery } from '../core/frames.js';
import { useNow } from '../core/hooks.js';
import { get } from '../core/http.js';
import { t } from '../core/language.js';
import { html, useEffect, useRef, useState } from '../core/preact.js';
import { runOf } from '../model/run_time.js';
import { StageBadge } from '../ui/badge.js';
import { Copyable } from '../ui/copyable.js';
import { Icon } from '../ui/icon.js';
import { ProblemNotice, Skeleton } from '../ui/notice.js';
import { Entry } from './entry.js';
import { IncidentCard } from './incident.js';

const REFRESH_MS = 1000;

/** @param {{model: any, number: number, choose: (number: number | null) => void}} props */
export function TicketPanel({ model, number, choose }) {
  const { story, problem } = useStory(model, number);
  const title = useRef(null);
  const now = useNow(1000);
  useEffect(() => {
    const before = document.activeElement;
    title.current?.focus({ preventScroll: true });
    return () => before?.isConnected && before.focus?.({ preventScroll: true });
  }, []);
  const keys = (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    choose(null);
  };
  const row = model.rows[number];
  return html`<aside class="ticket-panel" aria-labelledby="ticket-title" onKeyDown=${keys}>
    <header class="dialog-head">
      <h2 id="ticket-title" ref=${title} tabindex="-1">
        ${row?.undoes !== null && row?.undoes !== undefined && html`<span class="quiet">${t('ticket.undoes')} </span>`}${model.nameOf(number)}
      </h2>
      <button type="button" class="icon-button" aria-label=${t('close')} onClick=${() => choose(null)}>
        <${Icon} name="close" />
      </button>
    </header>
    <${ProblemNotice} problem=${problem} />
    ${row && html`<p><${StageBadge} stage=${row.stage} /> ${model.critical.has(number) && html`<span class="badge plain-badge"><${Icon} name="flag" />${t('critical')}</span>`}</p>`}
    ${story ? html`<${Story} story=${story} row=${row ?? story.ticket} now=${now} choose=${choose} />` : !problem && html`<${Skeleton} lines=${5} />`}
  </aside>`;
}

function Story({ story, row, now, choose }) {
  const { ticket } = story;
  const other = (number, name, stage) => html`<button type="button" class="plain link" onClick=${() => choose(number)}>
    ${name}</button
  >${stage && html` <${StageBadge} stage=${stage} />`}`;
  return html`
    ${story.description && html`<p>${story.description}</p>`}
    ${ticket.why && html`<p class="why"><span class="quiet">${t('why')}</span> <span lang="en">${ticket.why}</span></p>`}
    ${row.error && html`<p class="notice bad"><${Icon} name="failed" /><span lang="en">${row.error}</span></p>`}
    <dl class="pairs">
      <dt>${t('tickets.type')}</dt><dd>${ticket.task_type}</dd>
      <dt>${t('tickets.attempt')}</dt><dd>${row.attempt}</dd>
      <dt>${t('tickets.agent')}</dt><dd>${row.agent ?? '–'}</dd>
      <dt>${t('tickets.ran')}</dt><dd>${duration(runOf(row, now))}</dd>
      ${row.progress && html`<dt>${t('ticket.progress')}</dt><dd>${row.progress}</dd>`}
      <dt>${t('ticket.ready_at')}</dt><dd>${moment(row.ready_at)}</dd>
      <dt>${t('deadline')}</dt><dd>${moment(row.deadline_at)}</dd>
      <dt>${t('ticket.ended_at')}</dt><dd>${moment(row.ended_at)}</dd>
      <dt>${t('ticket.limit')}</dt><dd>${duration(ticket.timeout_ms)}</dd>
      <dt>${t('ticket.capabilities')}</dt><dd>${story.required_capabilities.join(', ') || '–'}</dd>
      <dt>${t('ticket.id')}</dt><dd><${Copyable} text=${ticket.ticket_id} /></dd>
    </dl>
    ${story.waits_for.length > 0 &&
    html`<h3>${t('ticket.waits_for')}</h3>
      <ul class="plain-list">${story.waits_for.map((one) => html`<li key=${one.number}>${other(one.number, one.task_id, one.stage)}</li>`)}</ul>`}
    ${story.undone_by && html`<h3>${t('ticket.undone_by')}</h3><p>${other(story.undone_by.number, t('ticket.undoing'), story.undone_by.stage)}</p>`}
    ${ticket.undoes !== null && html`<h3>${t('ticket.undoes_this')}</h3><p>${other(ticket.undoes, ticket.task_id)}</p>`}
    ${story.incidents.map((incident) => html`<${IncidentCard} key=${incident.incident_id} incident=${incident} />`)}
    <h3>${t('ticket.answers')}</h3>
    ${story.answers.length === 0 && html`<p class="quiet">${t('ticket.no_answers')}</p>`}
    ${story.answers.map((answer, i) => html`<${Answer} key=${i} answer=${answer} />`)}
    <${Pairs} title=${t('ticket.parameters')} pairs=${story.parameters} />
    <h3>${t('ticket.history')}</h3>
    <ol class="history">${story.history.map((entry) => html`<li key=${entry.seq}><${Entry} entry=${entry} brief /></li>`)}</ol>
  `;
}

function Answer({ answer }) {
  return html`<section class="answer">
    <p>
      <b>${answer.status}</b> <span class="quiet">${t('ticket.attempt', { n: answer.attempt ?? '?' })} · ${clockMs(answer.at)} · ${answer.agent} · ${duration(answer.duration_ms)} · ${answer.fate}</span>
    </p>
    ${answer.error && html`<p class="ink-failed" lang="en">${answer.error}</p>`}
    <${Pairs} title=${t('ticket.output')} pairs=${answer.output} />
    ${answer.logs?.length > 0 && html`<details><summary>${t('ticket.logs', { n: answer.logs.length })}</summary><pre tabindex="0">${answer.logs.join('\n')}</pre></details>`}
  </section>`;
}

function Pairs({ title, pairs }) {
  const all = Object.entries(pairs ?? {});
  if (all.length === 0) return null;
  return html`<h3>${title}</h3>
    <dl class="pairs">${all.map(([key, value]) => html`<dt key=${`k${key}`}>${key}</dt><dd key=${key}>${typeof value === 'string' ? value : JSON.stringify(value)}</dd>`)}</dl>`;
}

/** The ticket's story, fetched again when its row changes. */
function useStory(model, number) {
  const [state, setState] = useState({ story: null, problem: null });
  useEffect(() => {
    const abort = new AbortController();
    let id = null;
    const load = async () => {
      try {
        id ??= await ticketId(model.id, number, abort.signal);
        setState({ story: await get(`/api/v1/tickets/${encodeURIComponent(id)}`, abort.signal), problem: null });
      } catch (problem) {
        if (!abort.signal.aborted) setState((old) => ({ ...old, problem }));
      }
    };
    const soon = atMostEvery(REFRESH_MS, load);
    load();
    const stop = model.watchRows((numbers) => (numbers === null || numbers.includes(number)) && soon());
    return () => (abort.abort(), stop());
  }, [model, number]);
  return state;
}

async function ticketId(workflow, number, signal) {
  const after = number > 0 ? `&cursor=${number - 1}` : '';
  const page = await get(`/api/v1/workflows/${encodeURIComponent(workflow)}/tickets?limit=1${after}`, signal);
  return page.items[0].ticket_id;
}
