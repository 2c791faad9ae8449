/** What part of a drawing is seen: dragged, pinched, wheeled, and moved by keys. */

const LINE_PX = 16;
const DRAG_PX = 4;

export class Viewport {
  /**
   * @param {HTMLElement} element
   * @param {{onChange: () => void, onTap: (x: number, y: number) => void}} listener  in its pixels
   */
  constructor(element, listener) {
    this.element = element;
    this.listener = listener;
    this.x = 0;
    this.y = 0;
    this.k = 1;
    this.least = 0.01;
    this.most = 2.5;
    /** Whether the person has moved it; until then it may follow the drawing. */
    this.touched = false;
    this.pointers = new Map();
    this.moved = false;
    this.handlers = {
      wheel: (event) => this.#wheel(event),
      pointerdown: (event) => this.#down(event),
      pointermove: (event) => this.#move(event),
      pointerup: (event) => this.#up(event),
      pointercancel: (event) => this.pointers.delete(event.pointerId),
    };
    for (const [name, handler] of Object.entries(this.handlers)) {
      element.addEventListener(name, handler, { passive: false });
    }
  }

  /** Stop listening. */
  close() {
    for (const [name, handler] of Object.entries(this.handlers)) {
      this.element.removeEventListener(name, handler);
    }
  }

  /** Show all of a box, not larger than life. */
  fit({ width, height }, margin = 24) {
    const { clientWidth, clientHeight } = this.element;
    const across = (clientWidth - 2 * margin) / Math.max(1, width);
    const down = (clientHeight - 2 * margin) / Math.max(1, height);
    this.k = Math.max(0.005, Math.min(1.2, across, down));
    this.least = this.k * 0.6;
    this.x = (clientWidth - width * this.k) / 2;
    this.y = (clientHeight - height * this.k) / 2;
    this.touched = false;
    this.listener.onChange();
  }

  /** Zoom by a factor, around a point or the middle. */
  zoom(factor, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    const k = Math.min(this.most, Math.max(this.least, this.k * factor));
    this.x = x - ((x - this.x) * k) / this.k;
    this.y = y - ((y - this.y) * k) / this.k;
    this.k = k;
    this.touched = true;
    this.listener.onChange();
  }

  /** Move by pixels. */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.touched = true;
    this.listener.onChange();
  }

  /** Bring a box of the drawing into sight, at a scale at which it can be read. */
  reveal(box, least = 0) {
    const { clientWidth, clientHeight } = this.element;
    if (this.k < least) this.k = least;
    const left = box.x * this.k + this.x;
    const top = box.y * this.k + this.y;
    const inside =
      left >= 0 && top >= 0 && left + box.w * this.k <= clientWidth && top + box.h * this.k <= clientHeight;
    if (!inside) {
      this.x = clientWidth / 2 - (box.x + box.w / 2) * this.k;
      this.y = clientHeight / 2 - (box.y + box.h / 2) * this.k;
    }
    this.touched = true;
    this.listener.onChange();
  }

  #wheel(event) {
    event.preventDefault();
    const step = event.deltaMode === 1 ? LINE_PX : 1;
    const { x, y } = this.#at(event);
    this.zoom(Math.exp(-event.deltaY * step * 0.0016), x, y);
  }

  #down(event) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, this.#at(event));
    if (this.pointers.size === 1) this.moved = false;
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const at = this.#at(event);
    if (!this.moved && Math.hypot(at.x - before.x, at.y - before.y) < DRAG_PX) return;
    if (!this.moved) this.element.setPointerCapture(event.pointerId);
    this.moved = true;
    if (this.pointers.size === 2) this.#pinch(event.pointerId, before, at);
    else this.pan(at.x - before.x, at.y - before.y);
    this.pointers.set(event.pointerId, at);
  }

  #pinch(id, before, at) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    this.zoom(apart(at) / apart(before), (at.x + other.x) / 2, (at.y + other.y) / 2);
  }

  #up(event) {
    const began = this.pointers.delete(event.pointerId);
    if (!began || this.moved) return;
    const { x, y } = this.#at(event);
    this.listener.onTap(x, y);
  }

  #at(event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
