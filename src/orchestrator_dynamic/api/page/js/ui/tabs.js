/** Tabs that are links, so that each has an address; arrows move between them. */

import { html, useRef } from '../core/preact.js';
import { go } from '../core/router.js';

/**
 * @param {{label: string, tabs: {id: string, text: string, href: string, count?: string}[], active: string, panel: string}} props
 */
export function Tabs({ label, tabs, active, panel }) {
  const list = useRef(null);
  const move = (event) => {
    const at = tabs.findIndex((tab) => tab.id === active);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    let next = step === undefined ? -1 : (at + step + tabs.length) % tabs.length;
    if (event.key === 'Home') next = 0;
    if (event.key === 'End') next = tabs.length - 1;
    if (next < 0) return;
    event.preventDefault();
    go(tabs[next].href, { replace: true });
    list.current.children[next].focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${move}>
    ${tabs.map(
      (tab) => html`<a
        key=${tab.id}
        role="tab"
        id="tab-${tab.id}"
        href=${tab.href}
        aria-selected=${tab.id === active ? 'true' : 'false'}
        aria-controls=${panel}
        tabindex=${tab.id === active ? 0 : -1}
        >${tab.text}${tab.count && html`<span class="count">${tab.count}</span>`}</a
      >`,
    )}
  </div>`;
}
