/** A value that can be watched, and a way for components to follow it. */

import { useEffect, useState } from './preact.js';
import { onFrame } from './frames.js';

/**
 * @template T
 * @typedef {object} Store
 * @property {() => T} get
 * @property {(value: T) => void} set
 * @property {(watcher: () => void) => () => void} watch  returns how to stop watching
 */

/**
 * Return a store that holds `value`; watchers hear of a change at once.
 * @template T
 * @param {T} value
 * @returns {Store<T>}
 */
export function createStore(value) {
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const watcher of [...watchers]) watcher();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

/**
 * Return the store's value, and render the calling component when it changes.
 * @template T
 * @param {Store<T>} store
 * @returns {T}
 */
export function useStore(store) {
  const [, render] = useState(0);
  useEffect(() => {
    let seen = store.get();
    const look = () => {
      seen = store.get();
      render((n) => n + 1);
    };
    const stop = store.watch(look);
    if (seen !== store.get()) look();
    return stop;
  }, [store]);
  return store.get();
}

/**
 * Render the calling component, at most once a frame, whenever `watched` tells of news.
 * @param {{watch: (watcher: () => void) => () => void} | null} watched
 */
export function useNews(watched) {
  const [, render] = useState(0);
  useEffect(() => watched?.watch(onFrame(() => render((n) => n + 1))), [watched]);
}
