/** A large plan: fields of cells by layer and task type, closed from afar, readable from near. */

import { number } from '../core/format.js';
import { t } from '../core/language.js';
import { colour } from '../core/theme.js';
import { TONE_OF_CODE, TONES } from '../model/vocabulary.js';
import { drawIcon, fitted, FONT } from '../ui/surface.js';
import { ring, rounded, seen } from './cards_scene.js';
import { CELL } from './layout.js';

// In pixels of the screen: below the first a cell cannot be told from its neighbours, and above
// the second it has room for its name.
const OPEN_PX = 4;
const NAMES_PX = 12;
const HEAD_PX = 12;

const PLACE = new Map(TONES.map((tone, i) => [tone, i]));

export class CellsScene {
  /** @param {any} model @param {ReturnType<import('./layout.js').cellLayout>} layout */
  constructor(model, layout) {
    this.model = model;
    this.layout = layout;
    this.width = layout.width;
    this.height = layout.height;
    this.readable = NAMES_PX / CELL.h + 0.02;
    this.tones = new Uint8Array(layout.boxes.length / 2);
    this.counts = new Uint32Array(layout.groups.length * TONES.length);
    this.recount();
  }

  /** Count the tones of every group anew. */
  recount() {
    this.counts.fill(0);
    for (let n = 0; n < this.tones.length; n += 1) {
      this.tones[n] = this.#toneOf(n);
      this.counts[this.layout.groupOf[n] * TONES.length + this.tones[n]] += 1;
    }
  }

  boxOf(n) {
    if (n >= this.tones.length) return null;
    return { x: this.layout.boxes[2 * n], y: this.layout.boxes[2 * n + 1], w: CELL.w, h: CELL.h };
  }

  /** The task at a point, if cells are open at this scale; a closed group answers `{group}`. */
  hit(x, y, view) {
    const group = this.layout.groups.find(({ box }) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h);
    if (!group) return null;
    if (CELL.h * view.k < OPEN_PX) return { group };
    const found = group.members.find((n) => {
      const box = this.boxOf(n);
      return x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;
    });
    return found ?? null;
  }

  draw(context, view, { focused, chosen }) {
    this.recount();
    const open = CELL.h * view.k >= OPEN_PX;
    for (const flow of this.layout.flows) this.#flow(context, view, flow);
    this.#bands(context, view);
    const shown = this.layout.groups.filter((group) => seen(group.box, view));
    for (const group of shown) this.#group(context, view, group, open);
    const lit = chosen ?? focused;
    if (lit !== null && lit !== undefined) this.#links(context, view, lit);
    for (const n of [focused, chosen]) {
      const box = n === null || n === undefined ? null : this.boxOf(n);
      if (box) ring(context, view, box);
    }
  }

  /** Draw only what changed, at a scale and place that have not. @returns {boolean} done? */
  drawRows(context, view, numbers) {
    const open = CELL.h * view.k >= OPEN_PX;
    const touched = new Set();
    for (const n of numbers) {
      if (n >= this.tones.length) continue;
      const group = this.layout.groupOf[n];
      const tone = this.#toneOf(n);
      this.counts[group * TONES.length + this.tones[n]] -= 1;
      this.counts[group * TONES.length + tone] += 1;
      this.tones[n] = tone;
      touched.add(group);
      if (open && seen(this.boxOf(n), view)) this.#cell(context, view, n);
    }
    for (const id of touched) {
      const group = this.layout.groups[id];
      if (!seen(group.box, view)) continue;
      if (open) this.#head(context, view, group);
      else this.#group(context, view, group, false);
    }
    return true;
  }

  /** Above each column the layers that it holds, counted from 1. */
  #bands(context, view) {
    const { groups, each } = this.layout;
    context.font = `${10.5 / view.k}px ${FONT}`;
    context.fillStyle = colour('muted');
    context.textBaseline = 'bottom';
    let last = -1;
    for (const { band, box } of groups) {
      if (band === last) continue;
      last = band;
      const first = band * each + 1;
      const name = each > 1 ? `${number(first)}–${number(first + each - 1)}` : number(first);
      const short = [name, number(first)].find(
        (text) => context.measureText(text).width <= box.w + 6 / view.k,
      );
      if (short) context.fillText(short, box.x + 2 / view.k, box.y - 3 / view.k);
    }
  }

  #toneOf(n) {
    return PLACE.get(TONE_OF_CODE[this.model.codes[n] ?? 0]);
  }

  #group(context, view, group, open) {
    const { box } = group;
    rounded(context, box, 8 / Math.max(view.k, 0.1));
    context.fillStyle = colour('surface');
    context.fill();
    context.strokeStyle = colour('line');
    context.lineWidth = 1 / view.k;
    context.stroke();
    if (open) for (const n of group.members) this.#cell(context, view, n);
    else this.#closed(context, view, group);
    this.#head(context, view, group);
  }

  /** A closed group: its tones as bands, each as high as its share. */
  #closed(context, view, group) {
    const { box } = group;
    const pad = 5 / view.k;
    const head = this.#headRoom(view, group);
    let y = box.y + head;
    const height = box.h - head - pad;
    TONES.forEach((tone, i) => {
      const share = this.counts[group.id * TONES.length + i] / group.members.length;
      if (share === 0) return;
      context.fillStyle = colour(`tone-${tone}`);
      context.fillRect(box.x + pad, y, box.w - 2 * pad, height * share);
      if (height * share * view.k > 16 && box.w * view.k > 26 && tone !== 'waiting') {
        drawIcon(context, tone, box.x + box.w / 2 - 6 / view.k, y + (height * share) / 2 - 6 / view.k, 12 / view.k, colour('on-tone'));
      }
      y += height * share;
    });
  }

  #cell(context, view, n) {
    const x = this.layout.boxes[2 * n];
    const y = this.layout.boxes[2 * n + 1];
    const tone = TONES[this.tones[n]];
    const named = CELL.h * view.k >= NAMES_PX;
    if (!named) {
      context.fillStyle = colour(`tone-${tone}`);
      context.fillRect(x, y, CELL.w, CELL.h);
      return;
    }
    context.fillStyle = colour('surface');
    context.fillRect(x, y, CELL.w, CELL.h);
    context.fillStyle = colour(`soft-${tone}`);
    context.fillRect(x, y, CELL.w, CELL.h);
    context.fillStyle = colour(this.model.critical.has(n) ? 'critical' : `tone-${tone}`);
    context.fillRect(x, y, this.model.critical.has(n) ? 6 : 4, CELL.h);
    drawIcon(context, tone, x + 9, y + CELL.h / 2 - 8, 16, colour(`ink-${tone}`));
    context.fillStyle = colour('ink');
    context.font = `${Math.min(16, Math.max(13, 10.5 / view.k))}px ${FONT}`;
    context.textBaseline = 'middle';
    context.fillText(fitted(context, this.model.graph.tasks[n].id, CELL.w - 36), x + 30, y + CELL.h / 2 + 0.5);
  }

  #headRoom(view, group) {
    return Math.min(group.box.h * 0.5, Math.max(30, (HEAD_PX + 8) / view.k));
  }

  #head(context, view, group) {
    const { box } = group;
    const size = HEAD_PX / view.k;
    if (box.w * view.k < 34) return;
    const room = this.#headRoom(view, group);
    // From near the head has its own strip; from afar it must not paint over cells.
    const strip = CELL.h * view.k >= OPEN_PX ? 30 : room - 2 / view.k;
    const height = Math.min(size, strip * 0.8);
    context.fillStyle = colour('surface');
    context.fillRect(box.x + 2 / view.k, box.y + 2 / view.k, box.w - 4 / view.k, strip);
    context.fillStyle = colour('ink');
    context.font = `600 ${height}px ${FONT}`;
    context.textBaseline = 'middle';
    const failed = this.counts[group.id * TONES.length + PLACE.get('failed')];
    const done = this.counts[group.id * TONES.length + PLACE.get('done')];
    const trouble = failed > 0 ? ` · ${t('progress.failed', { n: failed })}` : '';
    const text = `${group.type} ${number(done)}/${number(group.members.length)}${trouble}`;
    context.fillText(fitted(context, text, box.w - 12 / view.k), box.x + 6 / view.k, box.y + strip / 2 + 2 / view.k);
  }

  #flow(context, view, { from, to, count }) {
    const a = this.layout.groups[from].box;
    const b = this.layout.groups[to].box;
    context.strokeStyle = colour('edge');
    // Hundreds of them would make a wall.
    context.globalAlpha = Math.max(0.16, Math.min(0.6, 40 / this.layout.flows.length));
    context.lineWidth = (0.8 + Math.log2(1 + count) * 0.45) / view.k;
    context.beginPath();
    const x1 = a.x + a.w;
    const y1 = a.y + a.h / 2;
    const y2 = b.y + b.h / 2;
    const middle = (x1 + b.x) / 2;
    context.moveTo(x1, y1);
    context.bezierCurveTo(middle, y1, middle, y2, b.x, y2);
    context.stroke();
    context.globalAlpha = 1;
  }

  /** What one task waits for, and what waits for it. */
  #links(context, view, n) {
    const task = this.model.graph.tasks[n];
    if (!task) return;
    context.strokeStyle = colour('accent');
    context.lineWidth = 1.6 / view.k;
    const to = this.boxOf(n);
    for (const dep of task.deps) link(context, this.boxOf(dep), to);
    for (const next of this.model.dependants(n)) link(context, to, this.boxOf(next));
  }
}

function link(context, a, b) {
  const middle = (a.x + a.w + b.x) / 2;
  context.beginPath();
  context.moveTo(a.x + a.w, a.y + a.h / 2);
  context.bezierCurveTo(middle, a.y + a.h / 2, middle, b.y + b.h / 2, b.x, b.y + b.h / 2);
  context.stroke();
}
