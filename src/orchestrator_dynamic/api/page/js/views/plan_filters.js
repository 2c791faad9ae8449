/** Search and filters over the list of plans; they live in the address. */

import { t } from '../core/language.js';
import { html, useEffect, useRef } from '../core/preact.js';
import { go, href } from '../core/router.js';
import { FILTERS } from '../model/plans_feed.js';
import { OUTCOMES, RISKS } from '../model/vocabulary.js';
import { Icon } from '../ui/icon.js';

const TYPING_MS = 250;
const AGES = ['hour', 'day', 'week'];

/** @param {{query: URLSearchParams}} props */
export function PlanFilters({ query }) {
  const timer = useRef(0);
  const field = useRef(null);
  const part = query.get('q') ?? '';
  // Not bound to the address: what is being typed must survive a rendering.
  useEffect(() => {
    if (document.activeElement !== field.current || !part) field.current.value = part;
  }, [part]);
  const change = (news) => {
    const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]));
    go(href(['plans'], { ...wanted, ...news }), { replace: true });
  };
  const typed = (name) => (event) => {
    clearTimeout(timer.current);
    const { value } = event.target;
    timer.current = setTimeout(() => change({ [name]: value.trim() }), TYPING_MS);
  };
  const state = query.get('open') === 'true' ? 'open' : (query.get('outcome') ?? query.get('phase') ?? '');
  const chooseState = (event) => {
    const { value } = event.target;
    const open = value === 'open' ? 'true' : null;
    const phase = value === 'AWAITING_APPROVAL' || value === 'HALTED' ? value : null;
    change({ open, phase, outcome: open || phase ? null : value });
  };
  return html`<form class="filters" role="search" aria-label=${t('filter.label')} onSubmit=${(e) => e.preventDefault()}>
    <label class="search">
      <span class="unseen">${t('filter.q')}</span>
      <${Icon} name="search" />
      <input type="search" name="q" placeholder=${t('filter.q')} ref=${field} onInput=${typed('q')} />
    </label>
    <label>
      <span>${t('plans.state')}</span>
      <select name="state" value=${state} onChange=${chooseState}>
        <option value="">${t('filter.all')}</option>
        <option value="open">${t('filter.open')}</option>
        <option value="AWAITING_APPROVAL">${t('plan.AWAITING_APPROVAL')}</option>
        <option value="HALTED">${t('plan.HALTED')}</option>
        ${OUTCOMES.map((one) => html`<option key=${one} value=${one}>${t(`plan.${one}`)}</option>`)}
      </select>
    </label>
    <${Choice} name="risk_band" label=${t('plans.risk')} query=${query} change=${change}
      options=${RISKS.map((band) => [band, t(`risk.${band}`)])} />
    <${Choice} name="sla" label=${t('plans.sla')} query=${query} change=${change}
      options=${[['met', t('filter.sla.met')], ['violated', t('filter.sla.violated')]]} />
    <${Choice} name="age" label=${t('plans.age')} query=${query} change=${change}
      options=${AGES.map((age) => [age, t(`filter.age.${age}`)])} />
    ${FILTERS.some((name) => query.get(name)) &&
    html`<a class="button small" href=${href(['plans'])}><${Icon} name="close" />${t('plans.clear')}</a>`}
  </form>`;
}

function Choice({ name, label, query, change, options }) {
  const choose = (event) => change({ [name]: event.target.value });
  return html`<label>
    <span>${label}</span>
    <select name=${name} value=${query.get(name) ?? ''} onChange=${choose}>
      <option value="">${t('filter.all')}</option>
      ${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
    </select>
  </label>`;
}
