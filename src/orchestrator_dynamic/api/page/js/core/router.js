/** Where the page is, kept in the address so that a link or a reload leads back. */

import { useStore } from './hooks.js';
import { createStore } from './store.js';

/**
 * @typedef {object} Place
 * @property {string[]} path  the parts, decoded
 * @property {URLSearchParams} query
 */

/** @type {import('./store.js').Store<Place>} */
const place = createStore(read());

addEventListener('hashchange', () => place.set(read()));

/** Return the present place, and render the calling component when it changes. */
export const usePlace = () => useStore(place);

/** Return the present place. */
export const here = () => place.get();

/**
 * Return the address of a place.
 * @param {string[]} path
 * @param {Record<string, string | number | null | undefined> | URLSearchParams} [query]
 */
export function href(path, query = {}) {
  const wanted = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  const kept = wanted.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const tail = kept.length > 0 ? `?${new URLSearchParams(kept.map(([k, v]) => [k, String(v)]))}` : '';
  return `#/${path.map(encodeURIComponent).join('/')}${tail}`;
}

/**
 * Go to a place.
 * @param {string} address  as `href` returns it
 * @param {{replace?: boolean}} [how]  replace: without a step for the back button
 */
export function go(address, { replace = false } = {}) {
  if (address === location.hash) return;
  if (!replace) {
    location.hash = address;
    return;
  }
  history.replaceState(null, '', address);
  place.set(read());
}

function read() {
  const hash = location.hash.replace(/^#\/?/, '');
  const [path, query = ''] = hash.split('?');
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
