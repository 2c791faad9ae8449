/** The timeline's picture: a row for each ticket, what it waited, what it ran, and what may come. */

import { t } from '../core/language.js';
import { colour } from '../core/theme.js';
import { beganAt } from '../model/run_time.js';
import { TONE_OF_CODE } from '../model/vocabulary.js';
import { drawIcon, fitted, FONT } from '../ui/surface.js';

export const ROW_PX = 24;
export const HEAD_PX = 40;
const BAR_PX = 13;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {any} scene  what `GanttCanvas` knows of the moment
 */
export function drawGantt(context, scene) {
  const { width, height, top, numbers, axis } = scene;
  context.fillStyle = colour('surface');
  context.fillRect(0, 0, width, height);
  const marks = axis.marks(scene.origin);
  lines(context, scene, marks);
  const first = Math.max(0, Math.floor(top / ROW_PX));
  const last = Math.min(numbers.length, Math.ceil((top + height - HEAD_PX) / ROW_PX));
  context.save();
  context.beginPath();
  context.rect(0, HEAD_PX, width, height - HEAD_PX);
  context.clip();
  for (let i = first; i < last; i += 1) row(context, scene, numbers[i], HEAD_PX + i * ROW_PX - top);
  moments(context, scene);
  context.restore();
  head(context, scene, marks);
}

function lines(context, { width, height, axis }, marks) {
  context.fillStyle = colour('line-soft');
  for (const { x } of marks) if (x >= axis.left) context.fillRect(Math.round(x), HEAD_PX, 1, height);
  context.fillStyle = colour('line');
  context.fillRect(axis.left - 1, 0, 1, height);
  context.fillRect(0, HEAD_PX - 1, width, 1);
}

function head(context, { width, axis, now }, marks) {
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const mark of marks) {
    if (mark.x < axis.left || mark.x > width - 60) continue;
    context.fillStyle = colour('ink');
    context.font = `600 12px ${FONT}`;
    context.fillText(mark.since, mark.x + 4, 12);
    // The sign of now stands on this line.
    if (now !== null && Math.abs(axis.x(now) - mark.x - 30) < 56) continue;
    context.fillStyle = colour('muted');
    context.font = `11px ${FONT}`;
    context.fillText(mark.clock, mark.x + 4, 28);
  }
  if (now === null) return;
  const x = axis.x(now);
  if (x < axis.left || x > width) return;
  context.font = `600 11px ${FONT}`;
  const text = t('timeline.now');
  const room = context.measureText(text).width + 10;
  context.fillStyle = colour('now');
  context.beginPath();
  context.roundRect(Math.min(x - room / 2, width - room), HEAD_PX - 17, room, 16, 4);
  context.fill();
  context.fillStyle = colour('on-tone');
  context.fillText(text, Math.min(x - room / 2, width - room) + 5, HEAD_PX - 8.5);
}

function row(context, scene, number, y) {
  const { axis, model, width } = scene;
  if (number === scene.focused || number === scene.chosen) {
    context.fillStyle = colour(number === scene.chosen ? 'accent-soft' : 'hover');
    context.fillRect(0, y, width, ROW_PX);
  }
  const tone = TONE_OF_CODE[model.codes[number] ?? 0];
  const critical = model.critical.has(number);
  context.save();
  context.beginPath();
  context.rect(axis.left, y, width - axis.left, ROW_PX);
  context.clip();
  bars(context, scene, number, y, tone, critical);
  context.restore();
  label(context, scene, number, y, tone, critical);
  if (number === scene.focused) {
    context.strokeStyle = colour('focus');
    context.lineWidth = 2;
    context.strokeRect(1, y + 1, width - 2, ROW_PX - 2);
  }
}

function label(context, { axis, model }, number, y, tone, critical) {
  if (critical) {
    context.fillStyle = colour('critical');
    context.fillRect(0, y + 2, 4, ROW_PX - 4);
  }
  drawIcon(context, tone, 10, y + 5, 14, colour(`ink-${tone}`));
  context.textBaseline = 'middle';
  context.fillStyle = colour('ink');
  context.font = `${critical ? '600 ' : ''}13px ${FONT}`;
  const undoes = model.rows[number]?.undoes;
  const name = undoes === null || undoes === undefined ? model.nameOf(number) : `↶ ${model.nameOf(number)}`;
  context.fillText(fitted(context, name, axis.left - 40), 30, y + ROW_PX / 2 + 0.5);
}

function bars(context, scene, number, y, tone, critical) {
  const { axis, model, outlook, now } = scene;
  const ticket = model.rows[number];
  const began = ticket ? beganAt(ticket) : null;
  const middle = y + ROW_PX / 2;
  const top = middle - BAR_PX / 2;
  if (ticket?.ready_at) {
    const until = began ?? ticket.ended_at ?? now ?? ticket.ready_at;
    context.fillStyle = colour('tone-queued');
    context.fillRect(axis.x(ticket.ready_at), middle - 1.5, Math.max(0, axis.x(until) - axis.x(ticket.ready_at)), 3);
  }
  const ran = began && (ticket.ended_at || ticket.stage === 'RUNNING');
  if (ran) {
    const until = ticket.ended_at ?? now ?? began;
    const x = axis.x(began);
    const w = Math.max(3, axis.x(until) - x);
    context.fillStyle = colour(`tone-${tone}`);
    context.beginPath();
    context.roundRect(x, top, w, BAR_PX, 3);
    context.fill();
    if (critical) underline(context, x, top, w);
    note(context, ticket, x, w, middle, tone);
  }
  const open = !ticket?.ended_at && now !== null && number < outlook.starts.length;
  if (open) ghost(context, scene, number, ran ? now : outlook.starts[number], top, critical);
}

/** What may come, by the estimates: an outline. */
function ghost(context, { axis, outlook }, number, from, top, critical) {
  const x = axis.x(from);
  const w = Math.max(2, axis.x(outlook.ends[number]) - x);
  context.strokeStyle = colour(critical ? 'critical' : 'ghost');
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.strokeRect(x + 0.5, top + 0.5, w, BAR_PX - 1);
  context.setLineDash([]);
}

function underline(context, x, top, w) {
  context.fillStyle = colour('critical');
  context.fillRect(x, top + BAR_PX + 1, w, 2.5);
}

function note(context, ticket, x, w, middle, tone) {
  let at = x + w + 5;
  if (tone !== 'done' && tone !== 'running') {
    drawIcon(context, tone, at, middle - 6, 12, colour(`ink-${tone}`));
    at += 17;
  }
  if (ticket.attempt > 1) {
    context.fillStyle = colour('muted');
    context.font = `11px ${FONT}`;
    context.textBaseline = 'middle';
    context.fillText(`×${ticket.attempt}`, at, middle);
  }
}

/** Now, and the plan's deadline where it is in sight. */
function moments(context, { axis, width, height, now, model }) {
  const line = (at, name, dashed) => {
    const x = Math.round(axis.x(at));
    if (x < axis.left || x > width) return;
    context.fillStyle = colour(name);
    if (!dashed) context.fillRect(x, HEAD_PX, 2, height);
    else for (let y = HEAD_PX; y < height; y += 8) context.fillRect(x, y, 2, 4);
  };
  const { deadline_at: deadline } = model.workflow;
  if (deadline) line(deadline, 'tone-failed', true);
  if (now !== null) line(now, 'now', false);
}
