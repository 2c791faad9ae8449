"""What a token of ours looks like, and what is kept of it.

A token is 256 random bits. Nobody can guess one from its hash, however quick the hash is, so that
it needs neither salt nor stretching, which exist for what people choose (decision 0020).
"""

import hashlib
import re
import secrets

# So that people, and programs that look for secrets in files, recognise what they have found.
PREFIX = "orq_"
_RANDOM_BYTES = 32
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


def new_token() -> str:
    """Return a token that nobody has had before."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def has_form(text: str) -> bool:
    """Return whether `text` could be a token of ours."""
    return _FORM.fullmatch(text) is not None


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256, as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()
