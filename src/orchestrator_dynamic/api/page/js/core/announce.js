/** Says what matters to those who cannot see it: one polite region, filled a little later. */

import { createStore } from './store.js';

/** The text that the region holds now. */
export const announced = createStore('');

let timer = 0;

/**
 * Have a screen reader say a text when it is free; the newest of a moment wins.
 * @param {string} text
 */
export function announce(text) {
  clearTimeout(timer);
  announced.set('');
  timer = setTimeout(() => announced.set(text), 150);
}
