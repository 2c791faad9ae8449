/** Lays out a small graph off the page's own thread, in the direction that fills the frame better. */

import { Graph, layout } from '../../vendor/dagre/dagre.esm.js';

onmessage = ({ data: { tasks, card, aspect } }) => {
  const pictures = ['LR', 'TB'].map((direction) => picture(tasks, card, direction));
  const scale = ({ width, height }) => Math.min(aspect / width, 1 / height);
  // Left to right reads as time; another direction must be clearly better.
  postMessage(scale(pictures[1]) > scale(pictures[0]) * 1.35 ? pictures[1] : pictures[0]);
};

function picture(tasks, card, direction) {
  const graph = new Graph();
  graph.setGraph({ rankdir: direction, nodesep: direction === 'LR' ? 16 : 22, ranksep: 26, edgesep: 10 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { n } of tasks) graph.setNode(String(n), { width: card.w, height: card.h });
  for (const { n, deps } of tasks) for (const dep of deps) graph.setEdge(String(dep), String(n));
  layout(graph);
  const boxes = tasks.map(({ n }) => {
    const { x, y } = graph.node(String(n));
    return { x: x - card.w / 2, y: y - card.h / 2, w: card.w, h: card.h };
  });
  const edges = graph.edges().map((edge) => ({
    from: Number(edge.v),
    to: Number(edge.w),
    points: graph.edge(edge).points.map(({ x, y }) => ({ x, y })),
  }));
  const { width, height } = graph.graph();
  return { boxes, edges, width, height };
}
