/** Work that waits for the next frame, so that a burst of news costs one drawing. */

/**
 * Return a function that has `work` run once at the next frame, however often it is called.
 * @param {() => void} work
 * @returns {() => void}
 */
export function onFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A hidden tab gets no frames; what waits is done when it is looked at again.
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/**
 * Return a function that runs `work` at most once in `ms`, the last call always counted.
 * @param {() => void} work
 * @param {number} ms
 * @returns {() => void}
 */
export function atMostEvery(ms, work) {
  let timer = 0;
  let last = -Infinity;
  return () => {
    if (timer) return;
    const wait = Math.max(0, last + ms - performance.now());
    timer = setTimeout(() => {
      timer = 0;
      last = performance.now();
      work();
    }, wait);
  };
}

/**
 * Let the browser paint and hear the person before going on with long work.
 * @returns {Promise<void>}
 */
export function nextFrame() {
  return new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done, 0));
  });
}

/**
 * Leave a mark that tests and the browser's own tools can read; the first of a name counts.
 * @param {string} name
 */
export function mark(name) {
  if (performance.getEntriesByName(name, 'mark').length === 0) performance.mark(name);
}
