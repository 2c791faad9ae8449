/** The one place that names the vendored libraries of components. */

import htm from '../../vendor/htm/htm.js';
import { h } from '../../vendor/preact/preact.js';

export { Component, Fragment, h, render } from '../../vendor/preact/preact.js';
export {
  useCallback,
  useEffect,
  useErrorBoundary,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from '../../vendor/preact/hooks.js';

/** Template tag: markup with values, which are always text or attributes, never markup. */
export const html = htm.bind(h);
