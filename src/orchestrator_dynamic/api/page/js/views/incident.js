/** A call for help: what happened, to what, and what is recommended. */

import { moment } from '../core/format.js';
import { hasText, t } from '../core/language.js';
import { html } from '../core/preact.js';
import { Icon } from '../ui/icon.js';

/** @param {{incident: any}} props */
export function IncidentCard({ incident }) {
  const key = `incident.${incident.incident_type}`;
  return html`<section class="notice bad">
    <${Icon} name="flag" />
    <div>
      <p class="notice-title">
        ${hasText(key) ? t(key) : incident.incident_type}
        <span class="quiet"> · ${incident.severity} · ${moment(Date.parse(incident.created_at) || incident.created_at)}</span>
      </p>
      ${incident.details.map((line, i) => html`<p key=${i} lang="en">${line}</p>`)}
      ${incident.recommended_playbook &&
      html`<p class="quiet">${t('incident.playbook')} <code>${incident.recommended_playbook}</code></p>`}
    </div>
  </section>`;
}
