/** Hand a decision in: it is looked at first, as the engine would, and only then submitted. */

import { announce } from '../core/announce.js';
import { request } from '../core/http.js';
import { t } from '../core/language.js';
import { html, useEffect, useRef, useState } from '../core/preact.js';
import { go, href } from '../core/router.js';
import { connection } from '../model/connection.js';
import { ActionButton } from '../ui/action_button.js';
import { Icon } from '../ui/icon.js';
import { Hint, ProblemNotice } from '../ui/notice.js';
import { Examined } from './examined.js';

export function SubmitView() {
  const [draft, setDraft] = useState({ text: '', name: '', key: '' });
  const [state, setState] = useState({ step: 'empty', validation: null, problem: null, receipt: null });
  document.title = `${t('nav.submit')} · Orchestrator Dynamic`;
  useEffect(() => connection.set('resting'), []);

  const examine = async (text, name) => {
    setDraft({ text, name, key: crypto.randomUUID() });
    setState({ step: 'looking', validation: null, problem: null, receipt: null });
    try {
      const { body } = await request('/api/v1/plans/validate', { method: 'POST', text });
      setState({ step: 'looked', validation: body, problem: null, receipt: null });
      announce(t(body.valid ? 'submit.valid' : 'submit.invalid'));
    } catch (problem) {
      setState({ step: 'looked', validation: null, problem, receipt: null });
    }
  };

  const submit = async () => {
    setState((old) => ({ ...old, step: 'sending', problem: null }));
    try {
      const headers = { 'Idempotency-Key': draft.key };
      const { body } = await request('/api/v1/decisions', { method: 'POST', text: draft.text, headers });
      announce(t(`reception.${body.reception}`));
      if (body.workflow_id) go(href(['plans', body.workflow_id]));
      else setState((old) => ({ ...old, step: 'sent', receipt: body }));
    } catch (problem) {
      setState((old) => ({ ...old, step: 'looked', problem }));
    }
  };

  const { step, validation, problem, receipt } = state;
  const clear = () => setState({ step: 'empty', validation: null, problem: null, receipt: null });
  return html`
    <h1>${t('nav.submit')}</h1>
    <${Hint}>${t('submit.hint')}<//>
    <${DropZone} onText=${examine} small=${step !== 'empty'} />
    ${step === 'looking' && html`<p role="status">${t('submit.looking', { name: draft.name })}</p>`}
    <${ProblemNotice} problem=${problem} />
    ${receipt && html`<p class="notice good"><${Icon} name="done" />${t(`reception.${receipt.reception}`)} <span lang="en">${receipt.reason}</span></p>`}
    ${validation &&
    html`<${Examined} validation=${validation} name=${draft.name}>
      <p class="row">
        ${validation.valid &&
        html`<${ActionButton} name="submit" scope="operate" icon="drop" kind="primary" onPress=${() => step !== 'sending' && submit()}
          >${t('submit.submit')}<//
        >`}
        <button type="button" class="button" onClick=${clear}>${t('submit.another')}</button>
      </p>
    <//>`}
  `;
}

function DropZone({ onText, small }) {
  const [over, setOver] = useState(false);
  const file = useRef(null);
  const pasted = useRef(null);
  const take = async (files) => {
    const [first] = files;
    if (first) onText(await first.text(), first.name);
  };
  const onDrop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  // A file that misses the zone would otherwise replace the page.
  useEffect(() => {
    const still = (event) => event.preventDefault();
    addEventListener('dragover', still);
    addEventListener('drop', still);
    return () => (removeEventListener('dragover', still), removeEventListener('drop', still));
  }, []);
  const paste = (event) => {
    event.preventDefault();
    if (pasted.current.value.trim()) onText(pasted.current.value, t('submit.pasted'));
  };
  return html`<section
    class="drop ${over ? 'over' : ''} ${small ? 'small' : ''}"
    aria-label=${t('submit.zone')}
    onDragEnter=${() => setOver(true)}
    onDragOver=${(event) => (event.preventDefault(), setOver(true))}
    onDragLeave=${(event) => event.currentTarget.contains(event.relatedTarget) || setOver(false)}
    onDrop=${onDrop}
  >
    <p class="drop-title"><${Icon} name="drop" class="large" />${t('submit.drop')}</p>
    <p>
      <label class="button primary file">
        ${t('submit.choose')}
        <input ref=${file} type="file" accept=".json,application/json" onChange=${(event) => (take(event.target.files), (event.target.value = ''))} />
      </label>
    </p>
    <details>
      <summary>${t('submit.paste')}</summary>
      <form class="stack" onSubmit=${paste}>
        <label for="pasted" class="unseen">${t('submit.paste')}</label>
        <textarea id="pasted" ref=${pasted} rows="8" spellcheck="false" placeholder='{"decision_id": …}'></textarea>
        <button type="submit" class="button">${t('submit.look')}</button>
      </form>
    </details>
  </section>`;
}
