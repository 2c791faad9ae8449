/** Where the tasks of a plan stand: as cards where they are few, as fields of cells where many. */

/** Up to so many tasks each gets a card, laid out by dagre. */
export const CARDS_MAX = 300;

export const CARD = { w: 162, h: 56 };

/** @typedef {{x: number, y: number, w: number, h: number}} Box */

/**
 * Return the layout of a small plan, made in a worker so that the page stays quick.
 * @param {{n: number, deps: number[]}[]} tasks
 * @param {number} aspect  width by height of where it will be shown
 * @param {AbortSignal} signal
 * @returns {Promise<{boxes: Box[], edges: {from: number, to: number, points: {x: number, y: number}[]}[], width: number, height: number}>}
 */
export function cardLayout(tasks, aspect, signal) {
  return new Promise((done, failed) => {
    const worker = new Worker(new URL('./layout_worker.js', import.meta.url), { type: 'module' });
    signal.addEventListener('abort', () => worker.terminate(), { once: true });
    worker.onmessage = ({ data }) => (worker.terminate(), done(data));
    worker.onerror = (event) => (worker.terminate(), failed(new Error(event.message)));
    worker.postMessage({ tasks: tasks.map(({ n, deps }) => ({ n, deps })), card: CARD, aspect });
  });
}

export const CELL = { w: 128, h: 30, gap: 4 };
const GROUP = { gap: 46, head: 34, pad: 10 };
const BAND_GAP = 150;
const BANDS_MAX = 36;

/**
 * @typedef {object} Group  the tasks of one type in one layer, or in some neighbouring layers
 * @property {number} id
 * @property {string} type
 * @property {number} band
 * @property {number[]} members
 * @property {Box} box
 */

/**
 * Return the layout of a large plan: a column for each layer, in it a field for each task type.
 * @param {{n: number, type: string, layer: number, deps: number[]}[]} tasks
 * @param {number} layers
 * @param {number} aspect
 */
export function cellLayout(tasks, layers, aspect) {
  const each = Math.max(1, Math.ceil(layers / BANDS_MAX));
  const groups = grouped(tasks, each);
  const columns = bestColumns(groups, aspect);
  const boxes = new Float32Array(tasks.length * 2);
  const size = place(groups, columns, boxes);
  return { groups, boxes, each, groupOf: owners(groups, tasks.length), flows: flows(groups, tasks), ...size };
}

function grouped(tasks, each) {
  const found = new Map();
  for (const task of tasks) {
    const band = Math.floor(task.layer / each);
    const key = `${String(band).padStart(6, '0')} ${task.type}`;
    if (!found.has(key)) found.set(key, { id: 0, type: task.type, band, members: [], box: null });
    found.get(key).members.push(task.n);
  }
  const groups = [...found.keys()].sort().map((key) => found.get(key));
  groups.forEach((group, id) => (group.id = id));
  return groups;
}

const cellsWide = (group, columns) => Math.min(columns, group.members.length);
const widthOf = (columns) => columns * (CELL.w + CELL.gap) + 2 * GROUP.pad;
const heightOf = (group, columns) =>
  Math.ceil(group.members.length / columns) * (CELL.h + CELL.gap) + GROUP.head + GROUP.pad;

/** How many cells side by side make the picture fill its frame best. */
function bestColumns(groups, aspect) {
  let best = { columns: 1, scale: 0 };
  for (let columns = 1; columns <= 60; columns += 1) {
    const { width, height } = extent(groups, columns);
    const scale = Math.min(aspect / width, 1 / height);
    if (scale > best.scale) best = { columns, scale };
  }
  return best.columns;
}

function extent(groups, columns) {
  const bands = new Map();
  for (const group of groups) {
    const band = bands.get(group.band) ?? { width: 0, height: -GROUP.gap };
    band.width = Math.max(band.width, widthOf(cellsWide(group, columns)));
    band.height += heightOf(group, columns) + GROUP.gap;
    bands.set(group.band, band);
  }
  const all = [...bands.values()];
  return {
    bands,
    width: all.reduce((sum, band) => sum + band.width + BAND_GAP, -BAND_GAP),
    height: Math.max(...all.map((band) => band.height)),
  };
}

function place(groups, columns, boxes) {
  const { bands, width, height } = extent(groups, columns);
  let x = 0;
  let y = 0;
  let present = groups[0]?.band;
  y = (height - bands.get(present).height) / 2;
  for (const group of groups) {
    if (group.band !== present) {
      x += bands.get(present).width + BAND_GAP;
      present = group.band;
      y = (height - bands.get(present).height) / 2;
    }
    const wide = cellsWide(group, columns);
    group.box = { x, y, w: widthOf(wide), h: heightOf(group, columns) };
    group.members.forEach((n, i) => {
      boxes[2 * n] = x + GROUP.pad + (i % wide) * (CELL.w + CELL.gap);
      boxes[2 * n + 1] = y + GROUP.head + Math.floor(i / wide) * (CELL.h + CELL.gap);
    });
    y += group.box.h + GROUP.gap;
  }
  return { width, height };
}

function owners(groups, count) {
  const groupOf = new Uint32Array(count);
  for (const group of groups) for (const n of group.members) groupOf[n] = group.id;
  return groupOf;
}

/** How many dependencies lead from one group to another. */
function flows(groups, tasks) {
  const groupOf = owners(groups, tasks.length);
  const counts = new Map();
  for (const task of tasks) {
    for (const dep of task.deps) {
      if (groupOf[dep] === groupOf[task.n]) continue;
      const key = groupOf[dep] * groups.length + groupOf[task.n];
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => ({
    from: Math.floor(key / groups.length),
    to: key % groups.length,
    count,
  }));
}
