/** A canvas with as many dots as the screen has, and how to draw small shapes and texts on it. */

import { PATHS } from './icon.js';

/**
 * Keep a canvas as large as its box, at the screen's own resolution.
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} onResize
 * @returns {() => void} how to stop
 */
export function keepSharp(canvas, onResize) {
  const resize = () => {
    const scale = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    if (canvas.width === width && canvas.height === height) return;
    canvas.width = width;
    canvas.height = height;
    onResize();
  };
  const watch = new ResizeObserver(resize);
  watch.observe(canvas);
  resize();
  return () => watch.disconnect();
}

const shapes = new Map();

/** Stroke an icon of `size` with its corner at (x, y). */
export function drawIcon(context, name, x, y, size, colour) {
  if (!shapes.has(name)) shapes.set(name, new Path2D(PATHS[name]));
  context.save();
  context.translate(x, y);
  context.scale(size / 16, size / 16);
  context.strokeStyle = colour;
  context.lineWidth = 1.8;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.stroke(shapes.get(name));
  context.restore();
}

const widths = new Map();
const WIDTHS_MAX = 20_000;

/** Return a text cut so that it fits `width`, in the font that the context has now. */
export function fitted(context, text, width) {
  const key = `${context.font} ${Math.round(width)} ${text}`;
  let cut = widths.get(key);
  if (cut !== undefined) return cut;
  cut = text;
  if (context.measureText(text).width > width) {
    let low = 0;
    let high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
      else high = middle - 1;
    }
    cut = low > 0 ? `${text.slice(0, low)}…` : '';
  }
  if (widths.size > WIDTHS_MAX) widths.clear();
  widths.set(key, cut);
  return cut;
}

/** Return a name in lines that fit `width`, broken where its words end; the last one is cut. */
export function folded(context, text, width, most) {
  if (most === 1 || context.measureText(text).width <= width) return [fitted(context, text, width)];
  const words = text.split(/(?<=[-_.\s/])/);
  let first = words.shift();
  while (words.length > 0 && context.measureText(first + words[0]).width <= width) first += words.shift();
  if (words.length === 0 || context.measureText(first).width > width) return [fitted(context, text, width)];
  return [first, fitted(context, words.join(''), width)];
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
