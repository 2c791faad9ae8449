/** Texts in the language that was chosen. */

import en from '../../locales/en.js';
import ptBR from '../../locales/pt-BR.js';
import { useStore } from './hooks.js';
import { createStore } from './store.js';

const TEXTS = { en, 'pt-BR': ptBR };

/** @typedef {'en' | 'pt-BR'} Language */

/** @type {import('./store.js').Store<Language>} */
export const language = createStore(document.documentElement.lang === 'pt-BR' ? 'pt-BR' : 'en');

/**
 * Choose the language of the page, now and the next time.
 * @param {Language} chosen
 */
export function chooseLanguage(chosen) {
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem('orq.language', chosen);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  language.set(chosen);
}

/**
 * Return a text; `{name}` in it stands for a value. With `n`, the form for that number is taken.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const chosen = language.get();
  const texts = TEXTS[chosen];
  let text = texts[key];
  if (text === undefined && 'n' in values) {
    const form = new Intl.PluralRules(chosen).select(Number(values.n));
    text = texts[`${key}.${form}`] ?? texts[`${key}.other`];
  }
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    name in values ? shown(values[name], chosen) : whole,
  );
}

/**
 * Whether a text of this key exists.
 * @param {string} key
 */
export function hasText(key) {
  return key in TEXTS[language.get()];
}

/** Render the calling component when the language changes; returns the language. */
export function useLanguage() {
  return useStore(language);
}

function shown(value, chosen) {
  return typeof value === 'number' ? new Intl.NumberFormat(chosen).format(value) : String(value);
}
