/** Time along the width of a drawing: scale, place, and marks at round distances. */

import { clock, clockMs, duration } from '../core/format.js';

const STEPS = [
  100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];
const LABEL_PX = 96;

export class Axis {
  constructor() {
    this.from = 0;
    this.to = 1;
    this.left = 0;
    this.width = 1;
  }

  /** Show the time between two moments in the pixels from `left` on. */
  show(from, to) {
    this.from = from;
    this.to = Math.max(to, from + 200);
  }

  x(at) {
    return this.left + ((at - this.from) / (this.to - this.from)) * this.width;
  }

  at(x) {
    return this.from + ((x - this.left) / this.width) * (this.to - this.from);
  }

  /** Zoom around a place in pixels. */
  zoom(factor, x) {
    const at = this.at(x);
    this.show(at - (at - this.from) / factor, at + (this.to - at) / factor);
  }

  pan(px) {
    const by = (px / this.width) * (this.to - this.from);
    this.show(this.from - by, this.to - by);
  }

  /** The marks in sight: where, and the text by the plan's own clock and the day's. */
  marks(origin) {
    const least = ((this.to - this.from) * LABEL_PX) / Math.max(1, this.width);
    const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000;
    const marks = [];
    for (let at = origin + Math.ceil((this.from - origin) / step) * step; at <= this.to; at += step) {
      const since = at - origin;
      marks.push({
        x: this.x(at),
        since: since === 0 ? '0' : `+${duration(since)}`,
        clock: step < 1000 ? clockMs(at) : clock(at),
      });
    }
    return marks;
  }
}
