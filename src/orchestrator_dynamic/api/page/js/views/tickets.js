/** Every ticket of a plan as a table: what the graph and the timeline show, in words. */

import { clock, duration, number } from '../core/format.js';
import { useNow } from '../core/hooks.js';
import { t } from '../core/language.js';
import { html, useState } from '../core/preact.js';
import { runOf } from '../model/run_time.js';
import { isOpen, TONES } from '../model/vocabulary.js';
import { StageBadge } from '../ui/badge.js';
import { Grid } from '../ui/grid.js';
import { Icon } from '../ui/icon.js';
import { useNarrow } from '../ui/narrow.js';
import { Empty, Hint, Skeleton } from '../ui/notice.js';
import { useTicketOrder } from './ticket_order.js';

/** @param {{model: any, choose: (number: number) => void, chosen: number | null}} props */
export function TicketsTab({ model, choose, chosen }) {
  const [sort, setSort] = useState({ by: 'number', down: false });
  const [tone, setTone] = useState('');
  const [part, setPart] = useState('');
  const [type, setType] = useState('');
  const narrow = useNarrow();
  const now = useNow(1000, isOpen(model.workflow));
  const order = useTicketOrder(model, { sort, tone, part, type });
  if (!model.hasRows || !model.graph) return html`<${Skeleton} />`;

  const sortBy = (by) => setSort({ by, down: sort.by === by && !sort.down });
  const rowAt = (i) => model.rows[order[i]];
  const types = [...new Set(model.graph.tasks.map((task) => task.type))].sort();
  return html`
    <${Hint}>${t('tickets.hint')}<//>
    <form class="filters" role="search" aria-label=${t('tickets.filter')} onSubmit=${(e) => e.preventDefault()}>
      <label class="search">
        <span class="unseen">${t('tickets.search')}</span>
        <${Icon} name="search" />
        <input type="search" placeholder=${t('tickets.search')} onInput=${(e) => setPart(e.target.value.trim().toLowerCase())} />
      </label>
      <label>
        <span>${t('tickets.stage')}</span>
        <select value=${tone} onChange=${(e) => setTone(e.target.value)}>
          <option value="">${t('filter.all')}</option>
          ${TONES.map((one) => html`<option key=${one} value=${one}>${t(`tone.${one}`)}</option>`)}
        </select>
      </label>
      <label>
        <span>${t('tickets.type')}</span>
        <select value=${type} onChange=${(e) => setType(e.target.value)}>
          <option value="">${t('filter.all')}</option>
          ${types.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
        </select>
      </label>
      <span class="quiet" role="status">${t('tickets.shown', { n: order.length })}</span>
    </form>
    ${order.length === 0
      ? html`<${Empty} title=${t('tickets.none')} icon="search" />`
      : html`<${Grid}
          label=${t('tab.tickets')}
          columns=${columnsOf(model, rowAt, now, narrow, chosen !== null)}
          count=${order.length}
          keyOf=${(i) => order[i]}
          height=${narrow ? 58 : 38}
          sort=${sort}
          onSort=${sortBy}
          onOpen=${(i) => choose(order[i])}
          isChosen=${(i) => order[i] === chosen}
        />`}
  `;
}

function columnsOf(model, rowAt, now, narrow, beside) {
  const named = (i) => html`<${Name} model=${model} row=${rowAt(i)} />`;
  const staged = (i) => html`<${StageBadge} stage=${rowAt(i).stage} />`;
  const ran = (i) => duration(runOf(rowAt(i), now));
  const column = (id, width, cell) => ({ id, title: t(`tickets.${id}`), width, cell, sorts: true });
  if (narrow) {
    return [
      column('task', 'minmax(0, 1fr)', named),
      column('stage', '9.5rem', staged),
    ];
  }
  const all = [
    column('number', '4.5rem', (i) => number(rowAt(i).number + 1)),
    column('task', 'minmax(10rem, 2fr)', named),
    column('type', '7rem', (i) => model.taskOf(rowAt(i).number)?.type ?? '–'),
    column('stage', '12rem', staged),
    column('attempt', '5rem', (i) => number(rowAt(i).attempt)),
    column('agent', 'minmax(5rem, 1fr)', (i) => rowAt(i).agent ?? '–'),
    column('started', '6rem', (i) => clock(rowAt(i).started_at ?? rowAt(i).published_at)),
    column('ran', '6rem', ran),
  ];
  // The panel beside takes the room of what it says itself.
  return beside ? all.filter(({ id }) => id !== 'agent' && id !== 'started') : all;
}

function Name({ model, row }) {
  const name = model.nameOf(row.number);
  const undoes = row.undoes !== null && row.undoes !== undefined;
  return html`<span class="ticket-name clip" title=${name}>
    ${undoes && html`<span class="quiet">${t('ticket.undoes')} </span>`}${name}
    ${model.critical.has(row.number) &&
    html`<span class="critical" title=${t('critical')}><${Icon} name="flag" /><span class="unseen">${t('critical')}</span></span>`}
    ${row.error && html`<span class="row-error clip" lang="en">${row.error}</span>`}
  </span>`;
}
