/** The frame around every view: head, navigation, the view, and what is said aloud. */

import { announced } from '../core/announce.js';
import { ask } from '../core/head_start.js';
import { useStore } from '../core/hooks.js';
import { t, useLanguage } from '../core/language.js';
import { html, useEffect, useState } from '../core/preact.js';
import { href, usePlace } from '../core/router.js';
import { me, signInWanted } from '../core/session.js';
import { Icon } from '../ui/icon.js';
import { fetchTheRest, lazy } from '../ui/lazy.js';
import { ProblemNotice } from '../ui/notice.js';
import { PlanView } from './plan.js';
import { PlansView } from './plans.js';
import { SignIn } from './sign_in.js';
import { StatusBar } from './status_bar.js';

const DeadLettersView = lazy(() => import('./dead_letters.js'), 'DeadLettersView');
const SubmitView = lazy(() => import('./submit.js'), 'SubmitView');

// The rest may come when what was asked for has been on the screen for a moment.
const QUIET_MS = 1500;

const PLACES = [
  { id: 'plans', icon: 'plans' },
  { id: 'submit', icon: 'drop' },
  { id: 'dead-letters', icon: 'letters' },
];

export function App() {
  const language = useLanguage();
  const { path } = usePlace();
  const asked = useStore(signInWanted);
  const [problem, setProblem] = useState(null);
  const who = useStore(me);

  useEffect(() => {
    if (who || asked) return;
    ask('/api/v1/me').then(
      (found) => me.set(found),
      (error) => error.status !== 401 && setProblem(error),
    );
  }, [who, asked]);

  useEffect(() => {
    const timer = setTimeout(fetchTheRest, QUIET_MS);
    return () => clearTimeout(timer);
  }, []);

  const [view = 'plans'] = path;
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t('nav.skip')}</a>
    <${Head} view=${view} />
    <main id="main" tabindex="-1" key=${language}>
      <${ProblemNotice} problem=${problem} />
      ${asked ? html`<${SignIn} />` : html`<${View} view=${view} path=${path} who=${who} />`}
    </main>
    <${StatusBar} />
    <${Spoken} />
  `;
}

function View({ view, path, who }) {
  if (view === 'submit') return html`<${SubmitView} />`;
  if (view === 'dead-letters') return html`<${DeadLettersView} id=${path[1]} who=${who} />`;
  if (view === 'plans' && path[1]) {
    return html`<${PlanView} key=${path[1]} id=${path[1]} tab=${path[2] ?? 'graph'} who=${who} />`;
  }
  return html`<${PlansView} />`;
}

function Head({ view }) {
  return html`<header class="head">
    <a class="brand" href=${href(['plans'])}>
      <svg viewBox="0 0 24 24" class="logo" aria-hidden="true" focusable="false">
        <path d="M5 12h4M15 6h-1.5a3 3 0 0 0-3 3v6a3 3 0 0 0 3 3H15" />
        <circle cx="4" cy="12" r="2.2" />
        <circle cx="18" cy="6" r="2.6" />
        <circle cx="18" cy="18" r="2.6" />
      </svg>
      <span>Orchestrator <b>Dynamic</b></span>
    </a>
    <nav aria-label=${t('nav.label')}>
      ${PLACES.map(
        ({ id, icon }) => html`<a
          key=${id}
          href=${href([id])}
          aria-current=${view === id ? 'page' : undefined}
          aria-label=${t(`nav.${id}`)}
          ><${Icon} name=${icon} /><span>${t(`nav.${id}`)}</span></a
        >`,
      )}
      <a href="/docs" aria-label=${t('nav.docs')}
        ><${Icon} name="book" /><span>${t('nav.docs')}</span></a
      >
    </nav>
  </header>`;
}

function Spoken() {
  const text = useStore(announced);
  return html`<div class="unseen" role="status" aria-live="polite">${text}</div>`;
}

// The address is for views; the link only moves the focus.
function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}
