/** Light, dark, or as the system has it; and the colours that canvases draw with. */

import { createStore } from './store.js';

/** @typedef {'auto' | 'light' | 'dark'} Theme */

const root = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');

/** @type {import('./store.js').Store<Theme>} */
export const theme = createStore(/** @type {Theme} */ (root.dataset.theme ?? 'auto'));

/** Counts the changes of colours, for those who draw. */
export const paint = createStore(0);

dark.addEventListener('change', () => repaint());

/**
 * Choose the theme, now and the next time.
 * @param {Theme} chosen
 */
export function chooseTheme(chosen) {
  if (chosen === 'auto') delete root.dataset.theme;
  else root.dataset.theme = chosen;
  try {
    if (chosen === 'auto') localStorage.removeItem('orq.theme');
    else localStorage.setItem('orq.theme', chosen);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  theme.set(chosen);
  repaint();
}

let colours = new Map();

/**
 * Return a colour of the present theme by its name in tokens.css, without the dashes.
 * @param {string} name
 */
export function colour(name) {
  let found = colours.get(name);
  if (found === undefined) {
    found = getComputedStyle(root).getPropertyValue(`--${name}`).trim();
    colours.set(name, found);
  }
  return found;
}

function repaint() {
  colours = new Map();
  paint.set(paint.get() + 1);
}

/** Whether the person has asked for little movement. */
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
