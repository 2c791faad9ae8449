/** What could not be taken in, and why; one of it in full, and handing it in again. */

import { ago, bytes, moment } from '../core/format.js';
import { useNow } from '../core/hooks.js';
import { get, request } from '../core/http.js';
import { hasText, t } from '../core/language.js';
import { html, useEffect, useState } from '../core/preact.js';
import { href } from '../core/router.js';
import { connection } from '../model/connection.js';
import { ActionButton } from '../ui/action_button.js';
import { Icon } from '../ui/icon.js';
import { Empty, Findings, Hint, ProblemNotice, Skeleton } from '../ui/notice.js';

/** @param {{id?: string}} props */
export function DeadLettersView({ id }) {
  document.title = `${t('letters.title')} · Orchestrator Dynamic`;
  useEffect(() => connection.set('resting'), []);
  return id ? html`<${Letter} key=${id} id=${id} />` : html`<${Letters} />`;
}

function Letters() {
  const [state, setState] = useState({ letters: null, next: null, problem: null });
  const now = useNow(10_000);
  const load = async (cursor) => {
    try {
      const page = await get(`/api/v1/dead-letters?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      setState((old) => ({
        letters: [...(cursor ? old.letters : []), ...page.items],
        next: page.next,
        problem: null,
      }));
    } catch (problem) {
      setState((old) => ({ ...old, problem }));
    }
  };
  useEffect(() => void load(''), []);
  const { letters, next, problem } = state;
  return html`
    <h1>${t('letters.title')}</h1>
    <${Hint}>${t('letters.hint')}<//>
    <${ProblemNotice} problem=${problem} />
    ${!letters && !problem && html`<${Skeleton} />`}
    ${letters?.length === 0 && html`<${Empty} title=${t('letters.none')} icon="done"><p>${t('letters.none_hint')}</p><//>`}
    ${letters?.length > 0 &&
    html`<div class="scroll-x" tabindex="0" role="region" aria-label=${t('letters.title')}><table class="simple">
      <thead><tr>
        <th scope="col">${t('letters.id')}</th><th scope="col">${t('letters.reason')}</th>
        <th scope="col">${t('letters.source')}</th><th scope="col">${t('letters.at')}</th>
        <th scope="col">${t('letters.requeued')}</th>
      </tr></thead>
      <tbody>${letters.map(
        (letter) => html`<tr key=${letter.id}>
          <th scope="row"><a href=${href(['dead-letters', String(letter.id)])}>#${letter.id}</a></th>
          <td><code>${letter.reason}</code> <span class="quiet" lang="en">${letter.findings[0]?.message ?? ''}</span></td>
          <td>${letter.source}</td>
          <td class="nowrap" title=${moment(letter.at)}>${ago(letter.at, now)}</td>
          <td>${requeued(letter)}</td>
        </tr>`,
      )}</tbody>
    </table></div>`}
    ${next && html`<p class="more"><button type="button" class="button" onClick=${() => load(next)}>${t('plans.more')}</button></p>`}
  `;
}

/** When it was last handed in again, and what came of it. */
function requeued({ requeued_at: at, requeue_outcome: outcome }) {
  if (!at) return '–';
  const key = `reception.${outcome}`;
  return `${moment(at)} · ${hasText(key) ? t(key) : (outcome ?? '')}`;
}

function Letter({ id }) {
  const [letter, setLetter] = useState(null);
  const [problem, setProblem] = useState(null);
  const [receipt, setReceipt] = useState(null);
  const path = `/api/v1/dead-letters/${encodeURIComponent(id)}`;
  const load = () => get(path).then(setLetter, setProblem);
  useEffect(() => void load(), [id]);
  const requeue = async () => {
    setProblem(null);
    try {
      setReceipt((await request(`${path}/requeue`, { method: 'POST' })).body);
      load();
    } catch (error) {
      setProblem(error);
    }
  };
  return html`
    <p class="crumbs"><a href=${href(['dead-letters'])}>${t('letters.title')}</a> <span aria-hidden="true">›</span></p>
    <h1>${t('letters.one', { id })}</h1>
    <${Hint}>${t('letters.one_hint')}<//>
    <${ProblemNotice} problem=${problem} />
    ${receipt &&
    html`<div class="notice ${receipt.workflow_id ? 'good' : 'bad'}" role="status">
      <${Icon} name=${receipt.workflow_id ? 'done' : 'needs'} />
      <p>${t(`reception.${receipt.reception}`)} <span lang="en">${receipt.reason}</span> ${receipt.workflow_id && html`<a href=${href(['plans', receipt.workflow_id])}>${receipt.plan_id}</a>`}</p>
    </div>`}
    ${!letter && !problem && html`<${Skeleton} />`}
    ${letter &&
    html`<div class="card">
      <p class="row"><${ActionButton} name="requeue" scope="operate" icon="repeat" kind="primary" onPress=${requeue}>${t('letters.requeue')}<//></p>
      <h2>${t('why')} <code>${letter.reason}</code></h2>
      <${Findings} findings=${letter.findings} />
      <dl class="pairs">
        <dt>${t('letters.at')}</dt><dd>${moment(letter.at)}</dd>
        <dt>${t('letters.source')}</dt><dd>${letter.source}</dd>
        <dt>${t('letters.size')}</dt><dd>${bytes(letter.size)}</dd>
        <dt>${t('letters.requeued')}</dt><dd>${requeued(letter)}</dd>
        <dt>SHA-256</dt><dd><code class="wrap">${letter.sha256}</code></dd>
      </dl>
      <h3>${t('letters.body')}</h3>
      <pre tabindex="0" aria-label=${t('letters.body')}>${letter.body}</pre>
    </div>`}
  `;
}
