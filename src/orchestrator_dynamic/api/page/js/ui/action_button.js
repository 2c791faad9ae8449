/** A button that says why it cannot be pressed, to the eye and to a screen reader. */

import { t } from '../core/language.js';
import { html, useId } from '../core/preact.js';
import { may } from '../core/session.js';
import { Icon } from './icon.js';

/**
 * @param {{scope: string, onPress: () => void, icon?: string, kind?: string, children?: unknown, name?: string}} props
 */
export function ActionButton({ scope, onPress, icon, kind = '', children, name }) {
  const id = useId();
  const allowed = may(scope);
  const reason = allowed ? null : t('forbidden.scope', { scope });
  return html`<span class="action">
    <button
      type="button"
      class="button ${kind}"
      data-action=${name}
      aria-disabled=${allowed ? 'false' : 'true'}
      aria-describedby=${reason ? id : undefined}
      title=${reason ?? undefined}
      onClick=${() => allowed && onPress()}
    >
      <${Icon} name=${allowed ? icon : 'lock'} />${children}
    </button>
    ${reason && html`<span id=${id} class="unseen">${reason}</span>`}
  </span>`;
}
