/** Everything that has happened to a plan, as it happens: the facts of its journal. */

import { number } from '../core/format.js';
import { t } from '../core/language.js';
import { html, useEffect, useState } from '../core/preact.js';
import { fetchOlder } from '../model/plan_feed.js';
import { Grid } from '../ui/grid.js';
import { useNarrow } from '../ui/narrow.js';
import { Empty, Hint, ProblemNotice } from '../ui/notice.js';
import { Entry } from './entry.js';

/** @param {{model: any}} props */
export function JournalTab({ model }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const narrow = useNarrow();
  const older = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await fetchOlder(model);
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  };
  const { entries, entriesFrom } = model;
  // What happened before the page was opened is fetched when the journal is first looked at.
  useEffect(() => {
    if (model.hasRows && entriesFrom === model.firstSeq && entriesFrom > 1) older();
  }, [model, model.hasRows]);
  const columns = [
    { id: 'seq', title: t('journal.seq'), width: '5rem', cell: (i) => number(entries[i].seq) },
    { id: 'what', title: t('journal.what'), width: 'minmax(0, 1fr)', cell: (i) => html`<${Entry} entry=${entries[i]} />` },
  ];
  return html`
    <${Hint}>${t('journal.hint')}<//>
    <${ProblemNotice} problem=${problem} />
    ${entriesFrom > 1 &&
    html`<p><button type="button" class="button small" aria-disabled=${busy ? 'true' : 'false'} onClick=${older}>${t('journal.older')}</button></p>`}
    ${entries.length === 0
      ? html`<${Empty} title=${t('journal.none')} icon="clock" />`
      : html`<${Grid}
          label=${t('tab.journal')}
          columns=${narrow ? columns.slice(1) : columns}
          count=${entries.length}
          keyOf=${(i) => entries[i].seq}
          height=${narrow ? 62 : 34}
          stick
        />`}
  `;
}
