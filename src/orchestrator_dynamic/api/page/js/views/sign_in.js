/** Asks for a bearer token where the server knows nobody by the one it got. */

import { get } from '../core/http.js';
import { t } from '../core/language.js';
import { html, useEffect, useRef, useState } from '../core/preact.js';
import { currentToken, keepToken, me, signInWanted } from '../core/session.js';
import { Icon } from '../ui/icon.js';
import { ProblemNotice } from '../ui/notice.js';

export function SignIn() {
  const field = useRef(null);
  const [problem, setProblem] = useState(null);
  const refused = useRef(currentToken() !== '');

  useEffect(() => field.current.focus(), []);

  const enter = async (event) => {
    event.preventDefault();
    keepToken(field.current.value);
    try {
      me.set(await get('/api/v1/me'));
      signInWanted.set(false);
    } catch (error) {
      setProblem(error);
      field.current.select();
    }
  };

  return html`<section class="card narrow" aria-labelledby="sign-in-title">
    <h1 id="sign-in-title"><${Icon} name="lock" /> ${t('signin.title')}</h1>
    <p>${t(refused.current ? 'signin.refused' : 'signin.why')}</p>
    <form class="stack" onSubmit=${enter}>
      <label for="token">${t('signin.token')}</label>
      <input
        id="token"
        ref=${field}
        type="password"
        autocomplete="off"
        spellcheck="false"
        required
        aria-describedby="token-hint"
      />
      <p id="token-hint" class="quiet">${t('signin.hint')}</p>
      <${ProblemNotice} problem=${problem} />
      <button class="button primary" type="submit">${t('signin.enter')}</button>
    </form>
  </section>`;
}
