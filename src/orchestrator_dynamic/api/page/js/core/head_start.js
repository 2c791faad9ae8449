/** Asks for what the address needs while the rest of the page is still being fetched. */

import { get } from './http.js';

const asked = new Map();

const begin = (path) => {
  const answer = get(path);
  // Whoever takes it hears of the problem; nobody may ever take it.
  answer.catch(() => {});
  asked.set(path, answer);
};

begin('/api/v1/me');
const plan = /^#\/plans\/([^/?]+)/.exec(location.hash);
if (plan) begin(`/api/v1/workflows/${plan[1]}`);

/**
 * Return the body of a GET: of the one that is on its way already, once, or of a new one.
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export function ask(path, signal) {
  const answer = asked.get(path);
  asked.delete(path);
  return answer ?? get(path, signal);
}
