/** The chart above the timeline, drawn by uPlot, which is fetched when it is first wanted. */

import { now } from '../core/clock.js';
import { clock, number } from '../core/format.js';
import { useStore } from '../core/hooks.js';
import { t, useLanguage } from '../core/language.js';
import { html, useEffect, useRef } from '../core/preact.js';
import { colour, paint } from '../core/theme.js';
import { isOpen } from '../model/vocabulary.js';
import { FONT } from '../ui/surface.js';
import { throughputOf } from './throughput.js';

const HEIGHT_PX = 120;
const EVERY_MS = 1000;

/** @param {{model: any}} props */
export function PaceChart({ model }) {
  const box = useRef(null);
  const theme = useStore(paint);
  const language = useLanguage();
  useEffect(() => {
    let chart = null;
    let timer = 0;
    let gone = false;
    const watch = new ResizeObserver(() => box.current && chart.setSize({ width: box.current.clientWidth, height: HEIGHT_PX }));
    import('../../vendor/uplot/uplot.js').then(({ default: UPlot }) => {
      if (gone) return;
      chart = new UPlot(options(box.current.clientWidth), valuesOf(model), box.current);
      watch.observe(box.current);
      timer = setInterval(() => isOpen(model.workflow) && chart.setData(valuesOf(model)), EVERY_MS);
    });
    // The end comes between two turns of the clock.
    const stop = model.watch(() => chart && !isOpen(model.workflow) && chart.setData(valuesOf(model)));
    return () => {
      gone = true;
      stop();
      clearInterval(timer);
      watch.disconnect();
      chart?.destroy();
    };
  }, [model, theme, language]);
  return html`<section class="pace">
    <h2>${t('pace.title')}</h2>
    <ul class="legend">
      <li><i class="swatch running-line" aria-hidden="true"></i>${t('pace.running')}</li>
      <li><i class="swatch queued-line" aria-hidden="true"></i>${t('pace.queued')}</li>
      <li><i class="swatch ended-line" aria-hidden="true"></i>${t('pace.ended')}</li>
    </ul>
    <div ref=${box} role="img" aria-label=${t('pace.label')}></div>
  </section>`;
}

function valuesOf(model) {
  const { at, running, queued, ended } = throughputOf(model, model.workflow.ended_at ?? now());
  return [at, running, queued, ended];
}

function options(width) {
  const axis = {
    stroke: colour('muted'),
    font: `11px ${FONT}`,
    grid: { stroke: colour('line-soft'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT_PX,
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    legend: { show: false },
    scales: { rate: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, space: 90, values: (_, ticks) => ticks.map((at) => clock(at * 1000)) },
      { ...axis, size: 44, values: (_, ticks) => ticks.map((n) => (Number.isInteger(n) ? number(n) : '')) },
      { ...axis, scale: 'rate', side: 1, size: 44, grid: { show: false }, values: (_, ticks) => ticks.map((n) => number(n)) },
    ],
    series: [
      {},
      { stroke: colour('tone-running'), fill: colour('soft-running'), width: 2, points: { show: false } },
      { stroke: colour('tone-waiting'), dash: [6, 4], width: 1.5, points: { show: false } },
      { scale: 'rate', stroke: colour('tone-done'), dash: [2, 3], width: 2, points: { show: false } },
    ],
  };
}
