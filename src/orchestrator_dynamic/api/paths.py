"""Ids in paths: whatever characters they have, slashes included.

A server decodes a path before it is routed, so that a slash within an id would end it there. The
door decodes it anew with another character in its place, which no id may have, and routes put the
slash back.
"""

import re
from urllib.parse import unquote_to_bytes

# "Unit separator": ids have no control characters.
SLASH = "\x1f"

_ENCODED = re.compile(rb"%2[fF]")


def decoded(raw: bytes) -> str | None:
    """Return a path whose encoded slashes are `SLASH`; None where it has none."""
    if not _ENCODED.search(raw):
        return None
    return unquote_to_bytes(_ENCODED.sub(b"%1F", raw)).decode(errors="replace")
