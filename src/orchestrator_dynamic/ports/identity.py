"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from orchestrator_dynamic.errors import Refused

# Who acts where identity is off: whoever can reach this machine's own address.
LOCAL = "local"


class Scope(StrEnum):
    """What a subject may do. None of them includes another."""

    READ = "read"  # see plans, tickets, the audit
    OPERATE = "operate"  # submit, cancel, pause, resume, retry, requeue
    APPROVE = "approve"  # approve and reject
    WORK = "work"  # take tickets and report on them


class Identity(StrEnum):
    """How a subject became known."""

    OPEN = "open"
    TOKEN = "token"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks; `subject` is what the audit calls them."""

    subject: str
    scopes: frozenset[Scope]
    identity: Identity


class Unauthenticated(Refused):
    """Nobody is known by what was shown; the message says what is wrong and holds no secret."""


class Gatekeeper(Protocol):
    """Tells who asks."""

    async def principal_of(self, bearer: str | None) -> Principal:
        """Return who shows this bearer token; None where a request shows none.

        Raises:
            Unauthenticated: it is none that we know, or is not valid now.
            Unavailable: whoever could tell is away, and it is not known from before.
        """
        ...
