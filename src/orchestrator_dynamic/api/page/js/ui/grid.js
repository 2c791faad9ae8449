/** A table of any length of which only the rows in sight exist; arrows move, Enter opens. */

import { html, useEffect, useLayoutEffect, useRef, useState } from '../core/preact.js';
import { Icon } from './icon.js';

const SPARE = 6;

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title
 * @property {string} width  of a grid's track
 * @property {(index: number) => unknown} cell
 * @property {boolean} [sorts]
 */

/**
 * @param {{label: string, columns: Column[], count: number, keyOf: (index: number) => string | number,
 *   height?: number, sort?: {by: string, down: boolean}, onSort?: (by: string) => void,
 *   onOpen?: (index: number) => void, isChosen?: (index: number) => boolean, stick?: boolean}} props
 */
export function Grid({ label, columns, count, keyOf, height = 38, sort, onSort, onOpen, isChosen, stick }) {
  const box = useRef(null);
  const [span, setSpan] = useState({ from: 0, to: 40 });
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  const atEnd = useRef(true);

  const look = () => {
    const { scrollTop, clientHeight } = box.current;
    const from = Math.max(0, Math.floor(scrollTop / height) - SPARE);
    const to = Math.min(count, Math.ceil((scrollTop + clientHeight) / height) + SPARE);
    atEnd.current = scrollTop + clientHeight >= count * height - height;
    if (from !== span.from || to !== span.to) setSpan({ from, to });
  };
  useLayoutEffect(() => {
    if (stick && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
    look();
  }, [count, height]);
  const seen = useRef(look);
  seen.current = look;
  useEffect(() => {
    const watch = new ResizeObserver(() => box.current && seen.current());
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    box.current.querySelector('[role="row"][tabindex="0"]')?.focus({ preventScroll: true });
  });

  const at = Math.min(active, Math.max(0, count - 1));
  const keys = (event) => {
    if (event.target.closest('[role="columnheader"]')) return;
    const page = Math.max(1, Math.floor(box.current.clientHeight / height) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count };
    if (event.key in steps) {
      event.preventDefault();
      const next = Math.min(count - 1, Math.max(0, at + steps[event.key]));
      reveal(box.current, next, height);
      wantsFocus.current = true;
      setActive(next);
      look();
    } else if ((event.key === 'Enter' || event.key === ' ') && event.target.getAttribute('role') === 'row') {
      event.preventDefault();
      onOpen?.(at);
    }
  };

  const tracks = { '--tracks': columns.map((column) => column.width).join(' ') };
  const shown = [];
  for (let i = span.from; i < Math.min(span.to, count); i += 1) shown.push(i);
  return html`<div class="grid" role="grid" aria-label=${label} aria-rowcount=${count + 1}
    aria-colcount=${columns.length} style=${tracks} onKeyDown=${keys}>
    <div role="rowgroup" class="grid-top">
      <div role="row" class="grid-row grid-head" aria-rowindex="1">
        ${columns.map((column) => html`<${Head} key=${column.id} column=${column} sort=${sort} onSort=${onSort} />`)}
      </div>
    </div>
    <div role="rowgroup" class="grid-body" ref=${box} onScroll=${look} tabindex="-1">
      <div class="grid-space" role="presentation" style=${{ height: `${count * height}px` }}>
        ${shown.map(
          (i) => html`<div
            key=${keyOf(i)}
            role="row"
            class="grid-row ${isChosen?.(i) ? 'chosen' : ''}"
            aria-rowindex=${i + 2}
            aria-selected=${isChosen ? (isChosen(i) ? 'true' : 'false') : undefined}
            tabindex=${i === at ? 0 : -1}
            style=${{ transform: `translateY(${i * height}px)`, height: `${height}px` }}
            onClick=${() => (setActive(i), onOpen?.(i))}
          >
            ${columns.map(
              (column) => html`<div key=${column.id} role="gridcell" class="cell cell-${column.id}">${column.cell(i)}</div>`,
            )}
          </div>`,
        )}
      </div>
    </div>
  </div>`;
}

function Head({ column, sort, onSort }) {
  const sorted = sort?.by === column.id ? (sort.down ? 'descending' : 'ascending') : 'none';
  if (!column.sorts) return html`<div role="columnheader" class="cell">${column.title}</div>`;
  return html`<div role="columnheader" class="cell" aria-sort=${sorted}>
    <button type="button" class="plain" onClick=${() => onSort(column.id)}>
      ${column.title}${sorted !== 'none' && html`<${Icon} name=${sort.down ? 'down' : 'up'} />`}
    </button>
  </div>`;
}

function reveal(box, index, height) {
  const top = index * height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
}
