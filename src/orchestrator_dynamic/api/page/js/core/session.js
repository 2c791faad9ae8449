/** Who is looking: the bearer token of this tab, and what it allows. */

import { createStore } from './store.js';

const KEY = 'orq.token';

/**
 * @typedef {object} Me
 * @property {string} subject
 * @property {string[]} scopes
 * @property {'open' | 'token' | 'oidc'} identity
 * @property {string} version
 * @property {'embedded' | 'temporal'} engine
 * @property {string} environment
 */

/** @type {import('./store.js').Store<Me | null>} */
export const me = createStore(null);

/** Whether the sign-in panel is wanted, since the server refused what it got. */
export const signInWanted = createStore(false);

let token = read();

/** Return the token of this tab, or an empty text. */
export const currentToken = () => token;

/**
 * Keep a token for this tab alone.
 * @param {string} given
 */
export function keepToken(given) {
  token = given.trim();
  try {
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage the token lasts until the page is left.
  }
}

/** Forget who was looking, and ask again. */
export function signOut() {
  keepToken('');
  me.set(null);
  signInWanted.set(true);
}

/**
 * Whether the subject may do what needs `scope`.
 * @param {string} scope
 */
export const may = (scope) => me.get()?.scopes.includes(scope) ?? false;

function read() {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
