"""A page, and everything that goes wrong on it: errors, broken policies, failed answers."""

import json
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

# A policy that is broken is told to the document alone.
_LISTEN = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

# How long anything on the page may take before its test fails, on a busy machine too.
PATIENCE_MS = 20_000


class Watched:
    """One page in a profile of its own."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self._expected: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def expects(self, *texts: str) -> None:
        """Do not complain of messages with one of these texts from now on."""
        self._expected.extend(texts)

    def close(self) -> None:
        """Close the page and forget its profile."""
        self.context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        text = f"{message.text} {message.location.get('url', '')}"
        if not any(expected in text for expected in self._expected):
            self.complaints.append(f"{message.type}: {text}")


def watched(browser: Browser, storage: Mapping[str, str] | None = None, **options: Any) -> Watched:
    """Return a new page that is watched from its first moment.

    Args:
        storage: what the page finds in its local storage.
        options: those of Playwright's `new_context`.
    """
    context = browser.new_context(**{"locale": "en-US", **options})
    context.add_init_script(_LISTEN)
    if storage:
        put = "Object.entries(%s).forEach(([key, value]) => localStorage.setItem(key, value))"
        context.add_init_script(put % json.dumps({**storage}))
    return Watched(context)
