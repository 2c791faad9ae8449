"""Messages that are durable here and not yet with the broker."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Outgoing(NamedTuple):
    """A message for a broker; `headers` are in no particular order."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Mapping[str, bytes] = {}


class Waiting(NamedTuple):
    """A message in the outbox; `id` names it for `Outbox.sent` and means nothing else."""

    id: str
    message: Outgoing


class Outbox(Protocol):
    """Incidents, SLA events, telemetry frames and dead letters on their way to a broker."""

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """Return messages that were not sent yet, those first that came first.

        Raises:
            Unavailable: it cannot be read now.
        """
        ...

    async def sent(self, ids: Sequence[str], at: int) -> None:
        """Note that these messages are with the broker since `at` (epoch ms).

        Raises:
            Unavailable: it could not be noted; they will be sent again.
        """
        ...
