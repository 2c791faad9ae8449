"""The port `Outbox`: what is durable here and not yet with the broker, on a real file.

`OutboxContract` is the suite of every adapter; a class that names a place runs it there.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.records import MessageRecord
from tests.support.ledgers import NOON
from tests.support.shared_ledgers import SharedPlace, SharedSqlite, Writer, a_dead_letter


def a_message(number: int, **fields: object) -> MessageRecord:
    """Return a message that waits to be sent."""
    message = MessageRecord("alerts", f"key-{number}", f'{{"é":{number}}}', NOON + number, None)
    return message._replace(**fields)  # type: ignore[arg-type]


class OutboxContract:
    """What holds wherever messages wait; a subclass has a fixture `place`."""

    @pytest.fixture
    async def one(self, place: SharedPlace) -> AsyncIterator[Writer]:
        """Open the place as a process does."""
        async with place.writer() as writer:
            yield writer

    async def test_messages_wait_in_the_order_of_their_coming(self, one: Writer) -> None:
        """One key's messages tell one story."""
        await one.commit(Batch(messages=[a_message(2), a_message(2, value="second")]))
        await one.commit(Batch(messages=[a_message(1), a_message(3)]))

        values = [each.message.value.decode() for each in await one.waiting(10)]
        few = await one.waiting(2)

        assert values == ['{"é":2}', "second", '{"é":1}', '{"é":3}']
        assert [each.message.value.decode() for each in few] == values[:2]

    async def test_a_message_goes_out_as_it_was_kept(self, one: Writer) -> None:
        """Key and value are bytes on the wire, in UTF-8."""
        await one.commit(Batch(messages=[a_message(1, key="schlüssel")]))

        [waiting] = await one.waiting(10)

        assert waiting.message == Outgoing("alerts", "schlüssel".encode(), '{"é":1}'.encode())

    async def test_what_was_sent_waits_no_more(self, one: Writer, place: SharedPlace) -> None:
        """Neither here nor in another process, nor after its turn was taken again."""
        letter = a_dead_letter(at=NOON + 9)
        batch = Batch(messages=[a_message(1), a_message(2)], dead_letters=[letter])
        await one.commit(batch)
        ids = [each.id for each in await one.waiting(10)]
        assert len(ids) == 3

        await one.sent(ids[:1], NOON + 5)
        await one.sent([*ids[:2], ids[2]], NOON + 6)
        await one.commit(batch)

        assert await one.waiting(10) == []
        async with place.writer() as other, place.store() as store:
            assert await other.waiting(10) == []
            assert {each.sent_at for each in await store.messages()} == {NOON + 5, NOON + 6}
            assert await store.messages(buffered_only=True) == ()

    async def test_noting_nothing_or_a_stranger_is_no_failure(self, one: Writer) -> None:
        """What was pruned meanwhile cannot be noted any more."""
        await one.commit(Batch(messages=[a_message(1)]))
        [waiting] = await one.waiting(1)
        await one.sent([], NOON)
        await one.sent([waiting.id, waiting.id], NOON)
        await one.sent([waiting.id], NOON)

        assert await one.waiting(10) == []

    async def test_a_message_for_nobody_else_does_not_wait(self, one: Writer) -> None:
        """Where the bus is in this process it has the message already."""
        await one.commit(
            Batch(
                messages=[a_message(1, sent_at=NOON)],
                dead_letters=[
                    a_dead_letter(topic=None),
                    a_dead_letter(source="x", sent_at=NOON),
                ],
            )
        )

        assert await one.waiting(10) == []

    async def test_a_dead_letter_goes_out_with_its_bytes_and_why(self, one: Writer) -> None:
        """Whoever mends it needs the message as it came, and every reason."""
        letter = a_dead_letter()
        await one.commit(Batch(dead_letters=[letter]))

        [waiting] = await one.waiting(10)

        assert waiting.message == Outgoing(
            "plans.consensus.dlq",
            b"\x00key",
            b"\xff{}",
            {
                "trace": b"\xff1",
                "dead-letter-reason": b"not_json",
                "dead-letter-source": b"plans.consensus[0]@7",
                "dead-letter-at": str(letter.at).encode(),
                "dead-letter-findings": b'[{"code":"not_json","where":"","message":"no JSON"}]',
            },
        )

    async def test_a_dead_letter_may_have_no_key(self, one: Writer) -> None:
        """Nor has the message that it was."""
        await one.commit(Batch(dead_letters=[a_dead_letter(key=None)]))

        assert (await one.waiting(10))[0].message.key is None

    async def test_messages_and_dead_letters_wait_together(self, one: Writer) -> None:
        """Neither is held up by many of the other."""
        letters = [a_dead_letter(source=f"s{at}", at=NOON + at) for at in (1, 4)]
        await one.commit(Batch(dead_letters=letters, messages=[a_message(2), a_message(3)]))

        order = [(each.message.topic, each.id) for each in await one.waiting(3)]

        assert [topic for topic, _ in order] == ["plans.consensus.dlq", "alerts", "alerts"]
        await one.sent([order[0][1]], NOON)
        assert [each.message.topic for each in await one.waiting(9)] == [
            "alerts",
            "alerts",
            "plans.consensus.dlq",
        ]

    async def test_equal_messages_of_one_turn_are_several(self, one: Writer) -> None:
        """Only what is told again later is the same one."""
        twice = Batch(messages=[a_message(1), a_message(1)])
        await one.commit(twice)
        await one.commit(Batch(messages=[a_message(1, created_at=NOON + 99)]))

        assert len(await one.waiting(10)) == 2

    async def test_large_ones_come_back_whole(self, one: Writer, place: SharedPlace) -> None:
        """A message may be as large as a broker takes, a dead letter larger."""
        body, value = b"\x00\xff" * (8 * 1024 * 1024), "é" * 1_000_000
        letter = a_dead_letter(body=body, size=len(body) + 1)
        await one.commit(Batch(messages=[a_message(1, value=value)], dead_letters=[letter]))

        found = {each.message.topic: each.message.value for each in await one.waiting(10)}

        assert found == {"alerts": value.encode(), "plans.consensus.dlq": body}
        async with place.store() as store:
            [shown] = (await store.dead_letters()).letters
            assert (await store.dead_letter(shown.id))[1] == body
            assert shown.truncated
            assert (await store.messages())[0].value == value


class TestSqliteOutbox(OutboxContract):
    """In the file of a data directory."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> SharedPlace:
        """A fresh data directory."""
        return SharedSqlite(tmp_path)
