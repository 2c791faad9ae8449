/** How components follow what changes: stores, news, and time. */

import { now } from './clock.js';
import { onFrame } from './frames.js';
import { useEffect, useState } from './preact.js';

/**
 * Return the store's value, and render the calling component when it changes.
 * @template T
 * @param {import('./store.js').Store<T>} store
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

/**
 * Return the time, and render the calling component every `ms`.
 * @param {number} [ms] @param {boolean} [ticking]
 */
export function useNow(ms = 1000, ticking = true) {
  const [, render] = useState(0);
  useEffect(() => {
    if (!ticking) return undefined;
    const timer = setInterval(() => render((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [ms, ticking]);
  return now();
}
