/** Views that are fetched when they are first wanted, or when the browser has nothing else to do. */

import { html, useEffect, useState } from '../core/preact.js';
import { ProblemNotice, Skeleton } from './notice.js';

const waiting = [];

/**
 * Return a component that shows another one as soon as its module is here.
 * @param {() => Promise<Record<string, any>>} load
 * @param {string} name  of the component in its module
 */
export function lazy(load, name) {
  let found = null;
  const fetched = async () => (found ??= (await load())[name]);
  waiting.push(fetched);
  return function Lazy(props) {
    const [state, setState] = useState({ here: found !== null, problem: null });
    useEffect(() => {
      if (state.here) return;
      fetched().then(
        () => setState({ here: true, problem: null }),
        (problem) => setState({ here: false, problem }),
      );
    }, []);
    if (state.problem) return html`<${ProblemNotice} problem=${state.problem} />`;
    return state.here ? html`<${found} ...${props} />` : html`<${Skeleton} />`;
  };
}

/** Fetch all that is still missing, one after the other, without getting in anybody's way. */
export async function fetchTheRest() {
  for (const fetched of waiting.splice(0)) {
    await new Promise((done) => (window.requestIdleCallback ?? setTimeout)(done));
    // What cannot be fetched now is tried again when it is wanted.
    await fetched().catch(() => {});
  }
}
