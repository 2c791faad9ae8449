/** The chart above the timeline, drawn by uPlot, which is fetched when it is first wanted. */

import { now } from '../core/clock.js';
import { decimal, number } from '../core/format.js';
import { t, useLanguage } from '../core/language.js';
import { html, useEffect, useRef } from '../core/preact.js';
import { useStore } from '../core/store.js';
import { colour, paint } from '../core/theme.js';
import { isOpen } from '../model/vocabulary.js';
import { FONT } from '../ui/surface.js';
import { throughputOf } from './throughput.js';

const HEIGHT_PX = 132;
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
    const watch = new ResizeObserver(() => chart?.setSize({ width: box.current.clientWidth, height: HEIGHT_PX }));
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
  return html`<div class="pace" ref=${box} role="img" aria-label=${t('pace.label')}></div>`;
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
    legend: { live: true },
    scales: { rate: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, space: 80 },
      { ...axis, size: 44, values: (_, ticks) => ticks.map((n) => (Number.isInteger(n) ? number(n) : '')) },
      { ...axis, scale: 'rate', side: 1, size: 44, grid: { show: false }, values: (_, ticks) => ticks.map((n) => number(n)) },
    ],
    series: [
      { label: t('pace.time') },
      { label: t('pace.running'), stroke: colour('tone-running'), fill: colour('soft-running'), width: 2, points: { show: false }, value: (_, n) => shown(n) },
      { label: t('pace.queued'), stroke: colour('tone-waiting'), dash: [6, 4], width: 1.5, points: { show: false }, value: (_, n) => shown(n) },
      { label: t('pace.ended'), scale: 'rate', stroke: colour('tone-done'), dash: [2, 3], width: 2, points: { show: false }, value: (_, n) => (n === null ? '–' : decimal(n, 1)) },
    ],
  };
}

const shown = (n) => (n === null ? '–' : number(n));
