// Runs before the first paint: hides a token from the address bar, and puts theme and language on
// the page so that neither flashes. A classic script, because modules wait for the document.
(() => {
  const keep = (key, value) => {
    try {
      sessionStorage.setItem(key, value);
    } catch {
      // Storage may be switched off; the sign-in panel asks for the token then.
    }
  };
  const kept = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };

  const hash = location.hash.slice(1);
  if (hash.startsWith('token=')) {
    const given = new URLSearchParams(hash);
    keep('orq.token', given.get('token') ?? '');
    const goOn = given.get('go') ?? '';
    history.replaceState(null, '', location.pathname + (goOn.startsWith('/') ? `#${goOn}` : ''));
  }

  const root = document.documentElement;
  const theme = kept('orq.theme');
  const fixed = root.dataset.theme !== undefined;
  if (!fixed && (theme === 'light' || theme === 'dark')) root.dataset.theme = theme;
  const chosen = kept('orq.language');
  const portuguese = chosen ? chosen === 'pt-BR' : /^pt\b/i.test(navigator.language);
  root.lang = portuguese ? 'pt-BR' : 'en';
})();
