/** Whether what is shown follows the server at this moment. */

import { createStore } from '../core/store.js';

/** @typedef {'connecting' | 'live' | 'reconnecting' | 'resting'} Connection */

/** @type {import('../core/store.js').Store<Connection>} */
export const connection = createStore('connecting');
