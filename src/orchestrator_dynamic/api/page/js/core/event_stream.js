/** Server-sent events read by `fetch`, because an EventSource cannot send a bearer token. */

import { open } from './http.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
// The server says something at least every 15 s; thrice that in silence means it is gone.
const SILENCE_MS = 45_000;

/**
 * @typedef {object} StreamEvent
 * @property {string} event
 * @property {string} data
 * @property {string} id
 */

/**
 * @typedef {object} Listener
 * @property {(event: StreamEvent) => void} onEvent
 * @property {(state: 'live' | 'reconnecting' | 'closed') => void} onState
 * @property {(error: Error) => void} [onRefused]  the server will not have it; no further try is made
 */

/**
 * Follow a stream until `close` is called or an `end` event comes; reconnects where it broke off.
 * @param {string} path
 * @param {Listener} listener
 * @param {string} [after]  the id of the last event that is known
 * @returns {{close: () => void}}
 */
export function follow(path, listener, after = '') {
  const abort = new AbortController();
  run(path, listener, after, abort.signal);
  return { close: () => abort.abort() };
}

async function run(path, listener, after, signal) {
  let lastId = after;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    let ended = false;
    try {
      await once(path, lastId, signal, {
        opened() {
          wait = FIRST_WAIT_MS;
          listener.onState('live');
        },
        event(event) {
          if (event.id) lastId = event.id;
          listener.onEvent(event);
          ended ||= event.event === 'end';
        },
      });
    } catch (error) {
      if (signal.aborted) break;
      if (refused(error)) {
        listener.onState('closed');
        listener.onRefused?.(error);
        return;
      }
    }
    if (ended || signal.aborted) break;
    listener.onState('reconnecting');
    // Spread, so that a thousand pages do not come back in the same instant.
    await pause(wait * (0.7 + Math.random() * 0.6), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
  listener.onState('closed');
}

// Not found may heal after a restart; a token that may not will not.
const refused = (error) => error.status === 401 || error.status === 403 || error.status === 404;

async function once(path, lastId, signal, heard) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const headers = { Accept: 'text/event-stream' };
    if (lastId) headers['Last-Event-ID'] = lastId;
    const response = await open(path, headers, AbortSignal.any([signal, silence.signal]));
    heard.opened();
    const parse = parser(heard.event);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      parse(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Return a function that takes pieces of a stream and tells each whole event.
 * @param {(event: StreamEvent) => void} tell
 */
export function parser(tell) {
  let rest = '';
  let event = '';
  let data = [];
  let id = '';
  const line = (text) => {
    if (text === '') {
      if (data.length > 0) tell({ event: event || 'message', data: data.join('\n'), id });
      event = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + (text[colon + 1] === ' ' ? 2 : 1));
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id') id = value;
  };
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop();
    for (const text of lines) line(text.endsWith('\r') ? text.slice(0, -1) : text);
  };
}

function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });
}
