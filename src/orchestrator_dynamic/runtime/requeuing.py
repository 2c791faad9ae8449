"""Handing in a dead letter again, byte for byte, once what was wrong has been mended."""

from collections.abc import Awaitable, Callable

from orchestrator_dynamic.errors import Refused
from orchestrator_dynamic.ports.orchestrator import Incoming, Receipt, Reception
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.store import Store

HandIn = Callable[[Incoming], Awaitable[Receipt]]
SendBack = Callable[[Outgoing], Awaitable[None]]
Note = Callable[[int, str], Awaitable[None]]


class NotRequeueable(Refused):
    """A dead letter that cannot be handed in again; the message says why."""


async def requeued(
    letter_id: int,
    *,
    store: Store,
    by: str | None,
    topic: str,
    hand_in: HandIn,
    send_back: SendBack | None,
    note: Note,
) -> Receipt:
    """Return what became of a dead letter that is handed in again, once that is noted on it.

    Args:
        by: who wants it.
        topic: where decisions come from.
        send_back: sends one to its topic, for whoever consumes there; None without brokers.

    Raises:
        NotFound: there is none with this number.
        NotRequeueable: it was requeued before, or is not kept as a whole.
        Unavailable: nothing has become of it; try again.
    """
    letter, body = await store.dead_letter(letter_id)
    if letter.truncated:
        kept = f"only {letter.kept:,} of its {letter.size:,} bytes are kept"
        raise NotRequeueable(f"dead letter {letter_id} cannot be requeued: {kept}; ask its sender")
    if letter.requeue_outcome not in (None, Reception.DEAD_LETTER):
        raise NotRequeueable(f"dead letter {letter_id} has been requeued: {letter.requeue_outcome}")
    headers = {name: value.encode("latin-1") for name, value in letter.headers.items()}
    source = f"dead letter {letter_id} ({letter.source})"
    key = None if letter.key is None else letter.key.encode("latin-1")
    if letter.source.startswith(f"{topic}[") and send_back is not None:
        await send_back(Outgoing(topic, key, body, headers))
        receipt = Receipt(reception=Reception.SENT_BACK, source=source)
    else:
        receipt = await hand_in(Incoming(body, source, headers, key, by=by))
    await note(letter_id, receipt.reception)
    return receipt
