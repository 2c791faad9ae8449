/** A small plan: each task is a card with its name, its state in words, and its dependencies. */

import { t } from '../core/language.js';
import { colour } from '../core/theme.js';
import { STAGES, TONE_OF_CODE } from '../model/vocabulary.js';
import { drawIcon, fitted, folded, FONT } from '../ui/surface.js';

// On the screen no text gets smaller than this, as long as its card has room for it.
const LEAST_PX = 10.5;
const DETAIL_SCALE = 0.62;

export class CardsScene {
  /** @param {any} model @param {Awaited<ReturnType<import('./layout.js').cardLayout>>} layout */
  constructor(model, layout) {
    this.model = model;
    this.layout = layout;
    this.width = layout.width;
    this.height = layout.height;
    this.readable = DETAIL_SCALE;
    this.critical = new Set(
      model.graph.critical_path.slice(1).map((n, i) => `${model.graph.critical_path[i]} ${n}`),
    );
  }

  boxOf(n) {
    return this.layout.boxes[n] ?? null;
  }

  hit(x, y) {
    const found = this.layout.boxes.findIndex(
      (box) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h,
    );
    return found < 0 ? null : found;
  }

  /** @param {CanvasRenderingContext2D} context @param {import('../ui/viewport.js').Viewport} view */
  draw(context, view, { focused, chosen }) {
    const near = neighbours(this.model.graph.tasks, chosen ?? focused);
    for (const edge of this.layout.edges) this.#edge(context, view, edge, near);
    const { boxes } = this.layout;
    for (let n = 0; n < boxes.length; n += 1) {
      if (seen(boxes[n], view)) this.#card(context, view, n, n === focused, n === chosen);
    }
  }

  /** A few cards are drawn as quickly as the whole. */
  drawRows() {
    return false;
  }

  #edge(context, view, { from, to, points }, near) {
    const critical = this.critical.has(`${from} ${to}`);
    const lit = near === from || near === to;
    context.strokeStyle = colour(lit ? 'accent' : critical ? 'critical' : 'edge');
    context.lineWidth = (lit || critical ? 2.4 : 1.3) / Math.max(view.k, 0.5);
    context.beginPath();
    smooth(context, points);
    context.stroke();
    const end = points.at(-1);
    const before = points.at(-2) ?? end;
    const angle = Math.atan2(end.y - before.y, end.x - before.x);
    context.fillStyle = context.strokeStyle;
    context.beginPath();
    context.moveTo(end.x, end.y);
    context.lineTo(end.x - 8 * Math.cos(angle - 0.42), end.y - 8 * Math.sin(angle - 0.42));
    context.lineTo(end.x - 8 * Math.cos(angle + 0.42), end.y - 8 * Math.sin(angle + 0.42));
    context.fill();
  }

  #card(context, view, n, focused, chosen) {
    const box = this.layout.boxes[n];
    const code = this.model.codes[n] ?? 0;
    const tone = TONE_OF_CODE[code];
    const critical = this.model.critical.has(n);
    context.fillStyle = colour('surface');
    rounded(context, box, 8);
    context.fill();
    context.fillStyle = colour(`soft-${tone}`);
    context.fill();
    context.strokeStyle = colour(critical ? 'critical' : `tone-${tone}`);
    context.lineWidth = (critical ? 2.4 : 1.2) / Math.max(view.k, 0.6);
    context.stroke();
    context.fillStyle = colour(`tone-${tone}`);
    context.beginPath();
    context.roundRect(box.x, box.y, 6, box.h, [8, 0, 0, 8]);
    context.fill();
    if (focused || chosen) ring(context, view, box);
    this.#text(context, view, n, box, code, tone);
  }

  #text(context, view, n, box, code, tone) {
    const detail = view.k >= DETAIL_SCALE;
    const size = Math.min(box.h * 0.4, Math.max(13, LEAST_PX / view.k));
    const ink = colour(`ink-${tone}`);
    const glyph = detail ? 15 : Math.min(box.h * 0.34, size);
    const middle = box.y + box.h / 2;
    drawIcon(context, tone, box.x + 11, middle - glyph / 2, glyph, ink);
    const left = box.x + 11 + glyph + 5;
    const room = box.x + box.w - 5 - left;
    context.textBaseline = 'middle';
    context.fillStyle = colour('ink');
    context.font = `600 ${size}px ${FONT}`;
    const lines = folded(context, this.model.graph.tasks[n].id, room, detail ? 1 : 2);
    if (detail) {
      context.fillText(lines[0], left, middle - 10);
      this.#state(context, n, code, left, room, middle + 11, ink);
      return;
    }
    const first = middle - ((lines.length - 1) * size * 1.1) / 2;
    lines.forEach((line, i) => context.fillText(line, left, first + i * size * 1.1));
  }

  #state(context, n, code, left, room, y, ink) {
    const row = this.model.rows[n];
    const attempt = row && row.attempt > 1 ? ` · ${t('ticket.attempt', { n: row.attempt })}` : '';
    context.fillStyle = ink;
    context.font = `12.5px ${FONT}`;
    context.fillText(fitted(context, t(`stage.${STAGES[code]}`) + attempt, room), left, y);
  }
}

/** The task whose edges are lit; none where none is looked at. */
const neighbours = (tasks, n) => (n !== null && n !== undefined && tasks[n] ? n : null);

/** Whether a box of the drawing is on the screen. */
export function seen(box, view) {
  const { clientWidth, clientHeight } = view.element;
  const left = box.x * view.k + view.x;
  const top = box.y * view.k + view.y;
  return left < clientWidth && top < clientHeight && left + box.w * view.k > 0 && top + box.h * view.k > 0;
}

export function rounded(context, { x, y, w, h }, radius) {
  context.beginPath();
  context.roundRect(x, y, w, h, radius);
}

/** The ring around what has the focus or is open beside. */
export function ring(context, view, { x, y, w, h }) {
  const away = 4 / view.k;
  context.strokeStyle = colour('focus');
  context.lineWidth = 2.5 / view.k;
  context.beginPath();
  context.roundRect(x - away, y - away, w + 2 * away, h + 2 * away, 10);
  context.stroke();
}

function smooth(context, points) {
  context.moveTo(points[0].x, points[0].y);
  for (let i = 1; i < points.length - 1; i += 1) {
    const next = points[i + 1];
    context.quadraticCurveTo(points[i].x, points[i].y, (points[i].x + next.x) / 2, (points[i].y + next.y) / 2);
  }
  context.lineTo(points.at(-1).x, points.at(-1).y);
}
