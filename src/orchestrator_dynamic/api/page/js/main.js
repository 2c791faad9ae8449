/** Starts the page. */

import { h, render } from './core/preact.js';
import { App } from './views/app.js';

const root = document.getElementById('app');
root.replaceChildren();
render(h(App, {}), root);
