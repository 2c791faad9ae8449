/** The plan over time: when each ticket waited and ran, what is late, and what is still to come. */

import { announce } from '../core/announce.js';
import { now } from '../core/clock.js';
import { duration } from '../core/format.js';
import { t } from '../core/language.js';
import { html, useEffect, useRef, useState } from '../core/preact.js';
import { GanttCanvas } from '../gantt/gantt_canvas.js';
import { HEAD_PX, ROW_PX } from '../gantt/gantt_drawing.js';
import { PaceChart } from '../gantt/pace_chart.js';
import { runOf } from '../model/run_time.js';
import { Icon } from '../ui/icon.js';
import { Hint, Skeleton } from '../ui/notice.js';

/** @param {{model: any, choose: (number: number) => void, chosen: number | null}} props */
export function TimelineTab({ model, choose, chosen }) {
  const canvas = useRef(null);
  const box = useRef(null);
  const gantt = useRef(null);
  const act = useRef(choose);
  act.current = choose;
  const [rows, setRows] = useState(0);
  const loaded = model.graph !== null && model.hasRows;

  useEffect(() => {
    if (!loaded) return undefined;
    gantt.current = new GanttCanvas(canvas.current, box.current, model, {
      onOpen: (n) => act.current(n),
      onFocus: (n) => announce(told(model, n)),
      onRows: setRows,
      onTick: () => {},
    });
    return () => gantt.current.close();
  }, [model, loaded]);
  useEffect(() => gantt.current?.choose(chosen), [chosen, loaded]);

  if (!loaded) return html`<${Skeleton} />`;
  const keys = (event) => {
    if (gantt.current?.key(event)) event.preventDefault();
  };
  return html`
    <${Hint}>${t('timeline.hint')}<//>
    <ul class="legend">
      <li><i class="swatch queued" aria-hidden="true"></i>${t('timeline.queued')}</li>
      <li><i class="swatch running" aria-hidden="true"></i>${t('timeline.ran')}</li>
      <li><i class="swatch ghost" aria-hidden="true"></i>${t('timeline.projected')}</li>
      <li><i class="swatch critical" aria-hidden="true"></i>${t('critical')}</li>
      <li><i class="swatch deadline" aria-hidden="true"></i>${t('timeline.deadline')}</li>
    </ul>
    <div class="canvas-box timeline ready" ref=${box} tabindex="-1">
      <div class="gantt-space" style=${{ height: `${HEAD_PX + rows * ROW_PX + 8}px` }}>
        <canvas
          ref=${canvas}
          tabindex="0"
          role="application"
          aria-roledescription=${t('timeline.role')}
          aria-label=${t('timeline.label', { plan: model.workflow.plan_id, n: rows })}
          aria-describedby="timeline-keys"
          data-ready=${rows > 0 ? 'true' : 'false'}
          onKeyDown=${keys}
        ></canvas>
      </div>
    </div>
    <div class="row canvas-row">
      <button type="button" class="icon-button" aria-label=${t('zoom.in')} title=${t('zoom.in')} onClick=${() => gantt.current?.zoom(1.5)}><${Icon} name="plus" /></button>
      <button type="button" class="icon-button" aria-label=${t('zoom.out')} title=${t('zoom.out')} onClick=${() => gantt.current?.zoom(1 / 1.5)}><${Icon} name="minus" /></button>
      <button type="button" class="icon-button" aria-label=${t('zoom.fit')} title=${t('zoom.fit')} onClick=${() => gantt.current?.fit()}><${Icon} name="fit" /></button>
      <button type="button" class="button" onClick=${() => gantt.current?.toRunning()}><${Icon} name="running" />${t('timeline.to_running')}</button>
      <p id="timeline-keys" class="quiet small">${t('timeline.keys')}</p>
    </div>
    <${PaceChart} model=${model} />
  `;
}

function told(model, n) {
  const row = model.rows[n];
  const stage = t(`stage.${row?.stage ?? 'WAITING'}`);
  const ran = row ? duration(runOf(row, now())) : '–';
  return t('timeline.told', { task: model.nameOf(n), stage, ran });
}
