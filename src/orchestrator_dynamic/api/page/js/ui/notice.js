/** What stands where there is nothing to show yet, nothing at all, or something went wrong. */

import { hasText, t } from '../core/language.js';
import { html } from '../core/preact.js';
import { Icon } from './icon.js';

/** One line at the top of a view that says what it shows. */
export const Hint = ({ children }) => html`<p class="hint">${children}</p>`;

/** @param {{title: string, children?: unknown, icon?: string}} props */
export function Empty({ title, children, icon = 'info' }) {
  return html`<div class="empty">
    <${Icon} name=${icon} class="large" />
    <p class="empty-title">${title}</p>
    ${children}
  </div>`;
}

/** Grey bars in the shape of what is coming. @param {{lines?: number}} props */
export function Skeleton({ lines = 6 }) {
  const rows = Array.from({ length: lines }, (_, i) => html`<i key=${i} class="bone"></i>`);
  return html`<div class="skeleton" role="status"><span class="unseen">${t('loading')}</span>${rows}</div>`;
}

/**
 * A problem: a title in the reader's language, then what the server said, in English.
 * @param {{problem: any, children?: unknown}} props
 */
export function ProblemNotice({ problem, children }) {
  if (!problem) return null;
  const code = problem.code ?? 'unexpected';
  const key = `problem.${code}`;
  const said = problem.detail ?? problem.message;
  const more = (problem.findings ?? []).filter((finding) => finding.message !== said);
  return html`<div class="notice bad" role="alert">
    <${Icon} name="failed" />
    <div>
      <p class="notice-title">${hasText(key) ? t(key) : t('problem.unexpected')}</p>
      <p lang="en">${said}</p>
      ${more.length > 0 && html`<${Findings} findings=${more} />`}
      ${problem.correlationId &&
      html`<p class="quiet">${t('problem.correlation')} <code>${problem.correlationId}</code></p>`}
      ${children}
    </div>
  </div>`;
}

/** @param {{findings: {code: string, severity: string, where: string, message: string}[]}} props */
export function Findings({ findings }) {
  return html`<ul class="findings">
    ${findings.map(
      (finding, i) => html`<li key=${i} class="finding ${finding.severity}">
        <${Icon} name=${finding.severity === 'error' ? 'failed' : 'needs'} />
        <div>
          <b>${t(`severity.${finding.severity}`)}</b> <code>${finding.code}</code>
          ${finding.where && html`<span class="quiet"> ${finding.where}</span>`}
          <p lang="en">${finding.message}</p>
        </div>
      </li>`,
    )}
  </ul>`;
}
