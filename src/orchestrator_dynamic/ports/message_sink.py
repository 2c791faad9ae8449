"""Handing messages to a broker."""

from collections.abc import Sequence
from typing import Protocol

from orchestrator_dynamic.errors import Refused, Unavailable
from orchestrator_dynamic.ports.outbox import Outgoing


class BrokerUnavailable(Unavailable):
    """The broker did not acknowledge in time; it may have the messages all the same."""


class MessageRefused(Refused):
    """The broker will never take this message, whatever is done; `index` says which it is."""

    def __init__(self, message: str, index: int) -> None:
        self.index = index
        super().__init__(message)


class MessageSink(Protocol):
    """A broker that takes messages."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Return once every in-sync replica holds all `messages`; those with one key stay in order.

        Messages are compared by their topics' partitioner, so that one key has one partition.

        Raises:
            BrokerUnavailable: try again; some of them may have arrived.
            MessageRefused: one of them is too large or names no topic; others may have arrived.
            Misconfigured: the broker refuses us (login, permissions).
        """
        ...
