/** The plan as a graph: what waits for what, and where each task is. */

import { announce } from '../core/announce.js';
import { t } from '../core/language.js';
import { html, useEffect, useRef, useState } from '../core/preact.js';
import { GraphCanvas } from '../graph/graph_canvas.js';
import { CARDS_MAX } from '../graph/layout.js';
import { Icon } from '../ui/icon.js';
import { Hint, Skeleton } from '../ui/notice.js';

/** @param {{model: any, choose: (number: number) => void, chosen: number | null}} props */
export function GraphTab({ model, choose, chosen }) {
  const canvas = useRef(null);
  const graph = useRef(null);
  const act = useRef(choose);
  act.current = choose;
  const [ready, setReady] = useState(false);
  const loaded = model.graph !== null && model.hasRows;

  useEffect(() => {
    if (!loaded) return undefined;
    graph.current = new GraphCanvas(canvas.current, model, {
      onOpen: (n) => act.current(n),
      onFocus: (n) => announce(told(model, n)),
      onReady: () => setReady(true),
    });
    return () => graph.current.close();
  }, [model, loaded]);
  useEffect(() => graph.current?.choose(chosen), [chosen, ready]);

  const keys = (event) => {
    if (graph.current?.key(event)) event.preventDefault();
  };
  const large = (model.workflow.tasks ?? 0) > CARDS_MAX;
  return html`
    <${Hint}>${t(large ? 'graph.hint.large' : 'graph.hint')}<//>
    <div class="canvas-box ${ready ? 'ready' : ''}">
      ${!loaded && html`<${Skeleton} />`}
      <canvas
        ref=${canvas}
        tabindex="0"
        role="application"
        aria-roledescription=${t('graph.role')}
        aria-label=${t('graph.label', { plan: model.workflow.plan_id, n: model.workflow.tasks })}
        aria-describedby="graph-keys"
        data-ready=${ready ? 'true' : 'false'}
        onKeyDown=${keys}
      ></canvas>
      <div class="canvas-tools">
        <button type="button" class="icon-button" aria-label=${t('zoom.in')} title=${t('zoom.in')} onClick=${() => graph.current?.zoom(1.4)}><${Icon} name="plus" /></button>
        <button type="button" class="icon-button" aria-label=${t('zoom.out')} title=${t('zoom.out')} onClick=${() => graph.current?.zoom(1 / 1.4)}><${Icon} name="minus" /></button>
        <button type="button" class="icon-button" aria-label=${t('zoom.fit')} title=${t('zoom.fit')} onClick=${() => graph.current?.fit()}><${Icon} name="fit" /></button>
      </div>
      <p class="canvas-key"><i class="critical-line" aria-hidden="true"></i>${t('critical')}</p>
    </div>
    <p id="graph-keys" class="quiet small">${t('graph.keys')}</p>
  `;
}

function told(model, n) {
  const task = model.graph.tasks[n];
  const stage = t(`stage.${model.rows[n]?.stage ?? 'WAITING'}`);
  return t('graph.told', { task: task.id, type: task.type, stage, n: task.deps.length });
}
