/** Draws a plan's graph and keeps it true: everything when it is moved, else only what changed. */

import { mark } from '../core/frames.js';
import { paint } from '../core/theme.js';
import { keepSharp } from '../ui/surface.js';
import { Viewport } from '../ui/viewport.js';
import { CardsScene } from './cards_scene.js';
import { CellsScene } from './cells_scene.js';
import { cardLayout, CARDS_MAX, cellLayout } from './layout.js';

const PAN_PX = 60;

export class GraphCanvas {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {any} model  with its graph
   * @param {{onOpen: (n: number) => void, onFocus: (n: number) => void, onReady: () => void}} listener
   */
  constructor(canvas, model, listener) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.model = model;
    this.listener = listener;
    this.scene = null;
    this.focused = null;
    this.chosen = null;
    this.whole = true;
    this.changed = new Set();
    this.asked = 0;
    this.abort = new AbortController();
    this.view = new Viewport(canvas, { onChange: () => this.#redraw(), onTap: (x, y) => this.#tap(x, y) });
    this.stops = [
      keepSharp(canvas, () => this.#resized()),
      paint.watch(() => this.#redraw()),
      model.watchRows((numbers) => this.#rows(numbers)),
    ];
    this.#build();
  }

  close() {
    this.abort.abort();
    cancelAnimationFrame(this.asked);
    this.view.close();
    for (const stop of this.stops) stop();
  }

  fit() {
    if (this.scene) this.view.fit(this.scene);
  }

  zoom(factor) {
    this.view.zoom(factor);
  }

  /** Show which ticket is open beside; its compensation stands where the task does. */
  choose(number) {
    const task = number === null ? null : this.model.taskOf(number);
    this.chosen = task ? task.n : null;
    this.#redraw();
  }

  /** Move by a key. @returns {boolean} whether the key meant something */
  key(event) {
    const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (pan && event.shiftKey) this.view.pan(pan[0] * PAN_PX, pan[1] * PAN_PX);
    else if (pan) this.#step(event.key);
    else if (event.key === '+' || event.key === '=') this.view.zoom(1.3);
    else if (event.key === '-') this.view.zoom(1 / 1.3);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Enter' && this.focused !== null) this.listener.onOpen(this.focused);
    else return false;
    return true;
  }

  async #build() {
    const { tasks, layers } = this.model.graph;
    const aspect = this.canvas.clientWidth / Math.max(1, this.canvas.clientHeight);
    if (tasks.length <= CARDS_MAX) {
      const layout = await cardLayout(tasks, aspect, this.abort.signal);
      this.scene = new CardsScene(this.model, layout);
    } else {
      this.scene = new CellsScene(this.model, cellLayout(tasks, layers, aspect));
    }
    this.fit();
    this.listener.onReady();
  }

  #resized() {
    if (!this.view.touched) this.fit();
    this.#redraw();
    // A canvas that has a new size is empty; do not show it so.
    if (this.scene) this.#draw();
  }

  #rows(numbers) {
    if (numbers === null) this.whole = true;
    else for (const number of numbers) this.changed.add(number);
    this.#ask();
  }

  #redraw() {
    this.whole = true;
    this.#ask();
  }

  #ask() {
    if (this.asked || this.abort.signal.aborted) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.#draw();
    });
  }

  #draw() {
    if (!this.scene) return;
    const { context, view } = this;
    const scale = devicePixelRatio || 1;
    const numbers = [...this.changed];
    this.changed.clear();
    context.setTransform(scale * view.k, 0, 0, scale * view.k, scale * view.x, scale * view.y);
    if (!this.whole && this.focused === null && this.chosen === null && this.scene.drawRows(context, view, numbers)) return;
    this.whole = false;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = getComputedStyle(this.canvas).backgroundColor;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(scale * view.k, 0, 0, scale * view.k, scale * view.x, scale * view.y);
    this.scene.draw(context, view, { focused: this.focused, chosen: this.chosen });
    mark('page:graph');
  }

  #tap(x, y) {
    if (!this.scene) return;
    const { view } = this;
    const found = this.scene.hit((x - view.x) / view.k, (y - view.y) / view.k, view);
    if (found === null) return;
    if (typeof found === 'number') {
      this.focused = found;
      this.listener.onOpen(found);
    } else {
      view.reveal(found.group.box);
      view.zoom(Math.max(2, this.scene.readable / view.k), x, y);
    }
  }

  #step(key) {
    const { tasks } = this.model.graph;
    if (tasks.length === 0) return;
    const next = this.focused === null ? 0 : this.#beside(key, tasks[this.focused]);
    if (next === null || next === undefined) return;
    this.focused = next;
    const box = this.scene?.boxOf(next);
    if (box) this.view.reveal(box, Math.min(this.scene.readable, 1));
    this.listener.onFocus(next);
  }

  #beside(key, task) {
    if (key === 'ArrowLeft') return task.deps[0];
    if (key === 'ArrowRight') return this.model.dependants(task.n)[0];
    const layer = this.model.layer(task.layer);
    return layer[layer.indexOf(task.n) + (key === 'ArrowDown' ? 1 : -1)];
  }
}
