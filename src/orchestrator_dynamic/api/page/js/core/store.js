/** A value that can be watched. */

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
