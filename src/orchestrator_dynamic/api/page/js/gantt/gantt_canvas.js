/** Draws the rows of the timeline that are in sight, and follows time and news. */

import { now } from '../core/clock.js';
import { mark } from '../core/frames.js';
import { paint } from '../core/theme.js';
import { codeOf } from '../model/vocabulary.js';
import { keepSharp } from '../ui/surface.js';
import { Axis } from './axis.js';
import { drawGantt, HEAD_PX, ROW_PX } from './gantt_drawing.js';
import { Outlook } from './outlook.js';

const TICK_MS = 1000;
const NARROW_PX = 600;
const DRAG_PX = 4;
const AHEAD = 0.5;
const AHEAD_MS = 20_000;

export class GanttCanvas {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} box  what scrolls; the canvas stays in its sight
   * @param {any} model
   * @param {{onOpen: (n: number) => void, onFocus: (n: number) => void, onRows: (count: number) => void, onTick: () => void}} listener
   */
  constructor(canvas, box, model, listener) {
    Object.assign(this, { canvas, box, model, listener });
    this.context = canvas.getContext('2d');
    this.outlook = new Outlook(model);
    this.axis = new Axis();
    /** What the view follows: what happens, the whole, or nothing since it was moved by hand. */
    this.follows = 'news';
    this.focused = null;
    this.chosen = null;
    this.asked = 0;
    this.drag = null;
    this.handlers = [
      [box, 'scroll', () => this.#ask()],
      [canvas, 'wheel', (event) => this.#wheel(event)],
      [canvas, 'pointerdown', (event) => this.#down(event)],
      [canvas, 'pointermove', (event) => this.#move(event)],
      [canvas, 'pointerup', (event) => this.#up(event)],
    ];
    for (const [target, name, handler] of this.handlers) target.addEventListener(name, handler, { passive: false });
    this.stops = [
      keepSharp(canvas, () => this.#draw()),
      paint.watch(() => this.#ask()),
      model.watchRows((numbers) => (numbers === null ? this.#tick() : this.#ask())),
    ];
    this.timer = setInterval(() => this.open() && this.#tick(), TICK_MS);
    this.#tick();
  }

  close() {
    cancelAnimationFrame(this.asked);
    clearInterval(this.timer);
    for (const [target, name, handler] of this.handlers) target.removeEventListener(name, handler);
    for (const stop of this.stops) stop();
  }

  open() {
    const { phase } = this.model.workflow;
    return phase !== 'ENDED' && phase !== 'HALTED';
  }

  fit() {
    this.follows = 'whole';
    this.#tick();
  }

  zoom(factor) {
    this.follows = null;
    this.axis.zoom(factor, this.axis.left + this.axis.width / 2);
    this.#ask();
  }

  /** Bring the first ticket that runs into sight. */
  toRunning() {
    const running = codeOf('RUNNING');
    const at = this.numbers?.findIndex((number) => this.model.codes[number] === running) ?? -1;
    if (at >= 0) this.box.scrollTop = Math.max(0, (at - 2) * ROW_PX);
    this.follows = 'news';
    this.#ask();
  }

  choose(number) {
    this.chosen = number;
    this.#ask();
  }

  /** @returns {boolean} whether the key meant something */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (step) this.#step(step);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      this.follows = null;
      this.axis.pan(event.key === 'ArrowLeft' ? 80 : -80);
    } else if (event.key === '+' || event.key === '=') this.zoom(1.3);
    else if (event.key === '-') this.zoom(1 / 1.3);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Enter' && this.focused !== null) this.listener.onOpen(this.focused);
    else return false;
    this.#ask();
    return true;
  }

  /** Project the rest of the plan, and take in rows that have come. */
  #tick() {
    if (!this.model.graph || !this.model.hasRows) return;
    const moment = this.open() ? now() : (this.model.workflow.ended_at ?? now());
    this.outlook.project(moment);
    this.numbers = this.outlook.rows();
    this.listener.onRows(this.numbers.length);
    this.listener.onTick();
    this.#ask();
  }

  #ask() {
    this.asked ||= requestAnimationFrame(() => {
      this.asked = 0;
      this.#draw();
    });
  }

  #draw() {
    if (!this.numbers) return;
    const { canvas, context, axis, box, model, outlook } = this;
    const width = canvas.clientWidth;
    axis.left = width < NARROW_PX ? 108 : 196;
    axis.width = Math.max(50, width - axis.left - 14);
    const origin = model.workflow.started_at ?? model.workflow.accepted_at;
    if (this.follows) {
      const end = Math.max(this.#followed(origin), origin + 1000);
      axis.show(origin - (end - origin) * 0.01, end + (end - origin) * 0.03);
    }
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    drawGantt(context, {
      width,
      height: canvas.clientHeight,
      top: box.scrollTop,
      numbers: this.numbers,
      now: this.open() ? now() : null,
      origin,
      axis,
      model,
      outlook,
      focused: this.focused,
      chosen: this.chosen,
    });
    mark('page:timeline');
  }

  /** The last moment that is shown: near ahead of now, so that what ran is not squeezed. */
  #followed(origin) {
    if (this.follows === 'whole' || !this.open()) return this.outlook.end;
    const moment = now();
    return Math.min(this.outlook.end, moment + Math.max(AHEAD_MS, (moment - origin) * AHEAD));
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    this.follows = null;
    if (event.shiftKey) this.axis.pan(-event.deltaY);
    else this.axis.zoom(Math.exp(-event.deltaY * 0.002), this.#at(event).x);
    this.#ask();
  }

  #down(event) {
    if (event.button === 0) this.drag = { ...this.#at(event), moved: false };
  }

  #move(event) {
    if (!this.drag) return;
    const at = this.#at(event);
    if (!this.drag.moved && Math.abs(at.x - this.drag.x) < DRAG_PX) return;
    if (!this.drag.moved) this.canvas.setPointerCapture(event.pointerId);
    this.follows = null;
    this.axis.pan(at.x - this.drag.x);
    this.drag = { ...at, moved: true };
    this.#ask();
  }

  #up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.moved) return;
    const { y } = this.#at(event);
    const row = Math.floor((y - HEAD_PX + this.box.scrollTop) / ROW_PX);
    if (y < HEAD_PX || row >= this.numbers.length) return;
    this.focused = this.numbers[row];
    this.listener.onOpen(this.focused);
  }

  #step(by) {
    const at = this.focused === null ? -1 : this.numbers.indexOf(this.focused);
    const next = Math.min(this.numbers.length - 1, Math.max(0, at + by));
    this.focused = this.numbers[next];
    const top = next * ROW_PX;
    const room = this.box.clientHeight - HEAD_PX - ROW_PX;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top > this.box.scrollTop + room) this.box.scrollTop = top - room;
    this.listener.onFocus(this.focused);
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
