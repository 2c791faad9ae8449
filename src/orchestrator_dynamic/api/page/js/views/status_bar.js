/** The line at the bottom: is this live, who is looking, and how it is shown. */

import { useStore } from '../core/hooks.js';
import { chooseLanguage, t, useLanguage } from '../core/language.js';
import { html } from '../core/preact.js';
import { currentToken, me, signOut } from '../core/session.js';
import { chooseTheme, theme } from '../core/theme.js';
import { connection } from '../model/connection.js';

const LANGUAGES = [
  ['en', 'EN', 'English'],
  ['pt-BR', 'PT', 'Português'],
];
const THEMES = ['auto', 'light', 'dark'];

export function StatusBar() {
  const language = useLanguage();
  const chosenTheme = useStore(theme);
  const state = useStore(connection);
  const who = useStore(me);
  return html`<footer class="status-bar">
    <span class="connection is-${state}" title=${t(`connection.${state}.hint`)}>
      <i aria-hidden="true"></i>${t(`connection.${state}`)}
    </span>
    ${who &&
    html`<span class="wide-only">${t('status.engine', { engine: who.engine })} · ${who.version}</span>
      <span class="who" title=${who.scopes.join(', ')}>${t('status.subject', { subject: who.subject })}</span>
      ${currentToken() &&
      html`<button type="button" class="plain" onClick=${signOut}>${t('status.sign_out')}</button>`}`}
    <span class="push"></span>
    <span class="choice" role="group" aria-label=${t('status.language')}>
      ${LANGUAGES.map(
        ([id, short, name]) => html`<button
          key=${id}
          type="button"
          lang=${id}
          aria-pressed=${language === id ? 'true' : 'false'}
          aria-label=${`${short} – ${name}`}
          onClick=${() => chooseLanguage(id)}
        >
          ${short}
        </button>`,
      )}
    </span>
    <span class="choice" role="group" aria-label=${t('status.theme')}>
      ${THEMES.map(
        (id) => html`<button
          key=${id}
          type="button"
          aria-pressed=${chosenTheme === id ? 'true' : 'false'}
          onClick=${() => chooseTheme(id)}
        >
          ${t(`theme.${id}`)}
        </button>`,
      )}
    </span>
  </footer>`;
}
