/** Numbers, durations and moments as people read them in the chosen language. */

import { language, t } from './language.js';

const made = new Map();

function formatter(kind, options) {
  const key = `${language.get()} ${kind} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Intl[kind](language.get(), options));
  return made.get(key);
}

/** @param {number} value */
export const number = (value) => formatter('NumberFormat', {}).format(value);

/** @param {number} value  a share, 0 to 1 */
export const percent = (value) =>
  formatter('NumberFormat', { style: 'percent', maximumFractionDigits: 0 }).format(value);

/** @param {number} value @param {number} [digits] */
export const decimal = (value, digits = 2) =>
  formatter('NumberFormat', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

const unit = (value, name, digits = 0) =>
  formatter('NumberFormat', {
    style: 'unit',
    unit: name,
    unitDisplay: 'narrow',
    maximumFractionDigits: digits,
  }).format(value);

/**
 * Return a duration in its two largest units: `2h 5m`, `12s`, `340ms`.
 * @param {number | null | undefined} ms
 */
export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  const size = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (size < 1000) return sign + unit(Math.round(size), 'millisecond');
  if (size < 10_000) return sign + unit(size / 1000, 'second', 1);
  let rest = Math.round(size / 1000) * 1000;
  const parts = [];
  for (const [name, length] of UNITS) {
    const count = Math.floor(rest / length);
    if (count > 0) parts.push(unit(count, name));
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
    rest -= count * length;
  }
  return sign + parts.join(' ');
}

/** @param {number | null | undefined} at  epoch milliseconds */
export function moment(at) {
  if (!at) return '–';
  return formatter('DateTimeFormat', { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

/** @param {number | null | undefined} at  epoch milliseconds */
export function clock(at) {
  if (!at) return '–';
  return formatter('DateTimeFormat', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  }).format(at);
}

/** @param {number | null | undefined} at  epoch milliseconds */
export function clockMs(at) {
  if (!at) return '–';
  return formatter('DateTimeFormat', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  }).format(at);
}

/**
 * Return how long ago a moment was: `5 min ago`.
 * @param {number | null | undefined} at @param {number} now
 */
export function ago(at, now) {
  if (!at) return '–';
  const since = now - at;
  if (Math.abs(since) < 5000) return t('time.now');
  const [name, length] = UNITS.find(([, size]) => Math.abs(since) >= size) ?? UNITS[3];
  return formatter('RelativeTimeFormat', { numeric: 'always', style: 'short' }).format(
    -Math.round(since / length),
    name,
  );
}

/** @param {number} size  in bytes */
export function bytes(size) {
  const names = ['byte', 'kilobyte', 'megabyte'];
  const step = size < 1000 ? 0 : size < 1e6 ? 1 : 2;
  return formatter('NumberFormat', {
    style: 'unit',
    unit: names[step],
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: 1,
  }).format(size / 1000 ** step);
}
