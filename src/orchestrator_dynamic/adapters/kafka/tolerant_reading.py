"""Reading one batch of records that the library fails on.

It takes the names of headers for UTF-8, which producers in C need not write, and raises at the
first that is not: the batch could never be passed, nor be put aside. Its reader in Python, which
is shown a buffer that forgives, reads the same bytes.
"""

import struct
from collections.abc import Sequence
from typing import Any, SupportsIndex, overload

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import NoError, for_code  # type: ignore[import-untyped]
from aiokafka.protocol.fetch import FetchRequest  # type: ignore[import-untyped]
from aiokafka.record.default_records import (  # type: ignore[import-untyped]
    _DefaultRecordBatchPy,
)
from aiokafka.record.util import decode_varint_py  # type: ignore[import-untyped]

_BYTES_MAX = 1024 * 1024
_MAGIC_AT = 16
_BEFORE_LENGTH, _WITH_LENGTH = 8, 12


async def read_batch(
    consumer: AIOKafkaConsumer, place: TopicPartition, at: int
) -> tuple[Sequence[Any], int]:
    """Return the records from `at` on in the batch that holds it, and the offset behind them.

    Bytes in header names that are no text come out escaped. No records where there
    are none, or where the broker does not give them now; the offset is then `at`.

    Raises:
        KafkaError: the broker cannot be asked.
    """
    client = consumer._client
    leader = client.cluster.leader_for_partition(place)
    if leader is None or leader < 0:
        return (), at
    wanted = [(place.topic, [(place.partition, at, _BYTES_MAX)])]
    answer = await client.send(leader, FetchRequest(250, 1, _BYTES_MAX, 0, wanted))
    for _, parts in answer.topics:
        for _, code, *_, raw in parts:
            if for_code(code) is NoError and raw:
                return _first_batch(raw, at)
    return (), at


def _first_batch(raw: bytes, at: int) -> tuple[Sequence[Any], int]:
    (length,) = struct.unpack_from(">i", raw, _BEFORE_LENGTH)
    if raw[_MAGIC_AT] < 2 or len(raw) < _WITH_LENGTH + length:
        # Older formats have no headers; half a batch is read again.
        return (), at
    batch = _DefaultRecordBatchPy(raw[: _WITH_LENGTH + length])
    behind: int = batch.next_offset
    if batch.is_control_batch:
        return (), behind
    batch._maybe_uncompress()
    batch._buffer = _Forgiving(batch._buffer)
    rows = [batch._read_msg(decode_varint_py) for _ in range(batch._num_records)]
    return [row for row in rows if row.offset >= at], behind


class _Forgiving(bytearray):
    """Bytes that can be read as text whatever they are."""

    @overload
    def __getitem__(self, place: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> "_Forgiving": ...
    def __getitem__(self, place: SupportsIndex | slice) -> "int | _Forgiving":
        found = super().__getitem__(place)
        return _Forgiving(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")
