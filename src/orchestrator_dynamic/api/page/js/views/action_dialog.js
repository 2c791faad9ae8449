/** Asks whether an action is meant, and why; then does it, or says what stands against it. */

import { announce } from '../core/announce.js';
import { request } from '../core/http.js';
import { t } from '../core/language.js';
import { html, useEffect, useRef, useState } from '../core/preact.js';
import { go, href } from '../core/router.js';
import { Dialog } from '../ui/dialog.js';
import { ProblemNotice } from '../ui/notice.js';

const REASON_MAX = 1000;
const DANGEROUS = new Set(['reject', 'cancel']);

/**
 * @param {{action: string, feed: any, steps?: string[], onClose: () => void}} props
 */
export function ActionDialog({ action, feed, steps = [], onClose }) {
  const { workflow, id } = feed.model;
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [tasks, setTasks] = useState(steps);
  const reason = useRef(null);
  const tag = useTag(action, workflow, steps);

  useEffect(() => reason.current.focus(), []);

  const act = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      const said = reason.current.value.trim();
      const answer = await send(action, { id, workflow, said, steps, tasks, tag: tag.current });
      announce(`${t(`action.${action}`)}: ${workflow.plan_id}`);
      feed.refresh();
      onClose();
      if (answer.workflow_id && answer.workflow_id !== id) go(href(['plans', answer.workflow_id]));
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };

  const kind = DANGEROUS.has(action) ? 'danger' : 'primary';
  return html`<${Dialog} title=${t(`action.${action}.title`, { plan: workflow.plan_id })} onClose=${onClose}>
    <form class="stack" onSubmit=${act}>
      <p>${t(`action.${action}.what`)}</p>
      ${steps.length > 1 && html`<${Steps} steps=${steps} tasks=${tasks} choose=${setTasks} />`}
      ${steps.length === 1 && html`<p><code>${steps[0]}</code></p>`}
      <label for="reason">${t('action.reason')}</label>
      <textarea id="reason" ref=${reason} rows="3" maxlength=${REASON_MAX} placeholder=${t('action.reason.hint')}></textarea>
      <${ProblemNotice} problem=${problem} />
      <p class="row end">
        <button type="button" class="button" onClick=${onClose}>${t('action.not_now')}</button>
        <button type="submit" class="button ${kind}" aria-disabled=${busy ? 'true' : 'false'}>
          ${t(`action.${action}`)}
        </button>
      </p>
    </form>
  <//>`;
}

function Steps({ steps, tasks, choose }) {
  const toggle = (step) =>
    choose(tasks.includes(step) ? tasks.filter((one) => one !== step) : [...tasks, step]);
  return html`<fieldset>
    <legend>${t('action.steps')}</legend>
    ${steps.map(
      (step) => html`<label key=${step} class="check">
        <input type="checkbox" checked=${tasks.includes(step)} onChange=${() => toggle(step)} /><code>${step}</code>
      </label>`,
    )}
  </fieldset>`;
}

async function send(action, { id, workflow, said, steps, tasks, tag }) {
  const body = said ? { reason: said } : {};
  const decides = action === 'approve' || action === 'reject';
  if (decides && steps.length > 0) body.tasks = steps.filter((step) => tasks.includes(step));
  const path = decides
    ? `/api/v1/decisions/${encodeURIComponent(workflow.decision_id)}/${action}`
    : `/api/v1/workflows/${encodeURIComponent(id)}/${action}`;
  const headers = tag ? { 'If-Match': tag } : {};
  return (await request(path, { method: 'POST', json: body, headers })).body;
}

/** The tag of the decision as it was when the dialog opened: a parked plan is approved as seen. */
function useTag(action, workflow, steps) {
  const tag = useRef(null);
  useEffect(() => {
    if (action !== 'approve' || steps.length > 0) return;
    request(`/api/v1/decisions/${encodeURIComponent(workflow.decision_id)}`).then(
      ({ etag }) => (tag.current = etag),
      () => {},
    );
  }, []);
  return tag;
}
