/** An id that can be copied whole, however little of it is seen. */

import { announce } from '../core/announce.js';
import { t } from '../core/language.js';
import { html } from '../core/preact.js';

/** @param {{text: string}} props */
export function Copyable({ text }) {
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    announce(t('copied'));
  };
  return html`<button type="button" class="copyable" title=${t('copy')} onClick=${copy}>
    <code>${text}</code>
  </button>`;
}
