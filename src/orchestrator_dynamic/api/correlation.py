"""The id under which a request and all that follows from it can be found."""

import re
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

HEADER = "X-Correlation-ID"

# What may go into headers, logs and ids without harm.
_USABLE = re.compile(r"[A-Za-z0-9._:/@+=-]{1,128}")


def correlation_in(headers: Headers) -> str:
    """Return the id that a request brings, or a new one where it brings none of use."""
    brought = headers.get(HEADER, "")
    return brought if _USABLE.fullmatch(brought) else uuid4().hex


def correlation_of(request: HTTPConnection) -> str:
    """Return the id of a request that has come through the door."""
    found = request.scope.get("state", {}).get("correlation_id")
    return found if isinstance(found, str) else correlation_in(request.headers)
