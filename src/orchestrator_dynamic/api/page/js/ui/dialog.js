/** A dialog of the browser's own: it keeps the focus, and Escape closes it. */

import { t } from '../core/language.js';
import { html, useEffect, useId, useRef } from '../core/preact.js';
import { Icon } from './icon.js';

/**
 * @param {{title: string, onClose: () => void, children?: unknown, modest?: boolean}} props
 */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  const outside = (event) => event.target === dialog.current && onClose();
  const cancelled = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog
    ref=${dialog}
    aria-labelledby=${id}
    onCancel=${cancelled}
    onMouseDown=${outside}
  >
    <div class="dialog-body">
      <header class="dialog-head">
        <h2 id=${id}>${title}</h2>
        <button type="button" class="icon-button" aria-label=${t('close')} onClick=${onClose}>
          <${Icon} name="close" />
        </button>
      </header>
      ${children}
    </div>
  </dialog>`;
}
