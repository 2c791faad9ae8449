/** Requests to the API, with the token of this tab, and problems as errors. */

import { learnTime } from './clock.js';
import { currentToken, signInWanted } from './session.js';

const TIMEOUT_MS = 30_000;

/** What the API answered instead: a problem document of RFC 9457. */
export class Problem extends Error {
  /** @param {{code: string, status: number, title?: string, detail?: string, findings?: object[], correlation_id?: string}} body */
  constructor(body) {
    super(body.detail ?? body.title ?? body.code);
    this.code = body.code;
    this.status = body.status;
    this.detail = body.detail ?? body.title ?? '';
    this.findings = body.findings ?? [];
    this.correlationId = body.correlation_id ?? null;
  }
}

/**
 * @typedef {object} Wish
 * @property {string} [method]
 * @property {unknown} [json]  a body, sent as JSON
 * @property {string} [text]  a body, sent as it is, said to be JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * Return the answer's body; `etag` and `location` come with it.
 * @param {string} path
 * @param {Wish} [wish]
 * @returns {Promise<{body: any, etag: string | null, location: string | null}>}
 */
export async function request(path, wish = {}) {
  const response = await send(path, wish);
  const body = await bodyOf(response);
  if (!response.ok) throw problemOf(response, body);
  return { body, etag: response.headers.get('etag'), location: response.headers.get('location') };
}

/**
 * Return the body of a GET.
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export async function get(path, signal) {
  return (await request(path, { signal })).body;
}

/**
 * Return the open response of a stream of events.
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {AbortSignal} signal
 */
export async function open(path, headers, signal) {
  const response = await fetch(path, { headers: { ...authorised(), ...headers }, signal });
  learnTime(response.headers);
  if (!response.ok) throw problemOf(response, await bodyOf(response));
  return response;
}

async function send(path, wish) {
  const headers = { Accept: 'application/json', ...authorised(), ...wish.headers };
  let body = wish.text;
  if (wish.json !== undefined) body = JSON.stringify(wish.json);
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = wish.signal ? AbortSignal.any([wish.signal, limit]) : limit;
  try {
    const response = await fetch(path, { method: wish.method ?? 'GET', headers, body, signal });
    learnTime(response.headers);
    return response;
  } catch (error) {
    if (wish.signal?.aborted) throw error;
    throw new Problem({ code: 'unreachable', status: 0, detail: String(error.message ?? error) });
  }
}

function authorised() {
  const token = currentToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function bodyOf(response) {
  const text = await response.text();
  if (!/json/.test(response.headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function problemOf(response, body) {
  if (response.status === 401) signInWanted.set(true);
  if (typeof body === 'object' && body?.code) return new Problem(body);
  return new Problem({ code: 'unexpected', status: response.status, detail: response.statusText });
}
