/** Who did what and why, and the incidents: what is kept for those who ask later. */

import { moment } from '../core/format.js';
import { get } from '../core/http.js';
import { hasText, t } from '../core/language.js';
import { html, useEffect, useState } from '../core/preact.js';
import { standing } from '../model/vocabulary.js';
import { Icon } from '../ui/icon.js';
import { Empty, Hint, ProblemNotice, Skeleton } from '../ui/notice.js';
import { IncidentCard } from './incident.js';

const SHOWN_MAX = 1000;

/** @param {{model: any}} props */
export function AuditTab({ model }) {
  const [state, setState] = useState({ audit: null, incidents: [], problem: null });
  const { workflow } = model;
  useEffect(() => {
    const abort = new AbortController();
    const base = `/api/v1/workflows/${encodeURIComponent(model.id)}`;
    const ask = (what) => get(`${base}/${what}?limit=${SHOWN_MAX}`, abort.signal);
    Promise.all([ask('audit'), ask('incidents')]).then(
      ([audit, incidents]) => setState({ audit: audit.items, incidents: incidents.items, problem: null }),
      (problem) => abort.signal.aborted || setState((old) => ({ ...old, problem })),
    );
    return () => abort.abort();
  }, [model, standing(workflow), workflow.incidents]);

  const { audit, incidents, problem } = state;
  return html`
    <${Hint}>${t('audit.hint')}<//>
    <${ProblemNotice} problem=${problem} />
    ${!audit && !problem && html`<${Skeleton} />`}
    ${audit &&
    html`<h2>${t('audit.incidents')}</h2>
      ${incidents.length === 0 && html`<p class="quiet"><${Icon} name="done" /> ${t('audit.no_incidents')}</p>`}
      ${incidents.map((incident) => html`<${IncidentCard} key=${incident.incident_id} incident=${incident} />`)}
      <h2>${t('audit.entries')}</h2>
      ${audit.length === 0 ? html`<${Empty} title=${t('audit.none')} />` : html`<${Entries} audit=${audit} />`}`}
  `;
}

function Entries({ audit }) {
  return html`<div class="scroll-x" tabindex="0" role="region" aria-label=${t('audit.entries')}>
    <table class="simple">
      <thead>
        <tr>
          <th scope="col">${t('audit.at')}</th>
          <th scope="col">${t('audit.actor')}</th>
          <th scope="col">${t('audit.action')}</th>
          <th scope="col">${t('audit.detail')}</th>
        </tr>
      </thead>
      <tbody>
        ${audit.map(
          (entry, i) => html`<tr key=${i}>
            <td class="nowrap">${moment(entry.at)}</td>
            <td>${entry.actor}</td>
            <td>${hasText(`audit.${entry.action}`) ? t(`audit.${entry.action}`) : entry.action}</td>
            <td>${Object.entries(entry.detail).map(([key, value]) => html`<div key=${key}><span class="quiet">${key}</span> ${String(value)}</div>`)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
