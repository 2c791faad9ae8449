"""What is too large for one document, in pieces of a few megabytes.

Pieces are written before the document that names them, under names that follow from what they say:
who repeats it finds them there, and pieces that nobody names are never read.
"""

from collections.abc import Sequence
from hashlib import sha256

from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.errors import InvariantViolation

# A document takes 16 MB; what is about as large as a page of others stays in its own.
INLINE_MAX = 256 * 1024
PIECE_BYTES = 4 * 1024 * 1024


def content_name(*said: bytes) -> str:
    """Return a name that only this content has."""
    digest = sha256()
    for one in said:
        digest.update(len(one).to_bytes(8) + one)
    return digest.hexdigest()


async def put(mongo: Mongo, owner: str, data: bytes, **fields: object) -> int:
    """Keep `data` as the pieces of `owner`, whose name follows from it; return how many."""
    starts = range(0, max(len(data), 1), PIECE_BYTES)
    for number, start in enumerate(starts):
        piece: Document = {"_id": _name(owner, number), "data": data[start : start + PIECE_BYTES]}
        await mongo.insert("parts", [piece | fields])
    return len(starts)


async def get(mongo: Mongo, owner: str, count: int) -> bytes:
    """Return what was kept as `count` pieces of `owner`.

    Raises:
        InvariantViolation: a piece is not there.
    """
    found: list[bytes] = []
    for number in range(count):
        piece = await mongo.one("parts", {"_id": _name(owner, number)})
        if piece is None:
            raise InvariantViolation(f"piece {number} of {count} of {owner} is not there")
        found.append(bytes(piece["data"]))
    return b"".join(found)


async def put_large(
    mongo: Mongo, documents: Sequence[Document], field: str, **fields: object
) -> None:
    """Put the `field` of those `documents` in pieces where it is too large to stay."""
    for document in documents:
        value = document[field]
        data = value.encode() if isinstance(value, str) else value
        if len(data) > INLINE_MAX:
            document[field] = None
            document["parts"] = await put(mongo, document["_id"], data, **fields)


async def bring_large(mongo: Mongo, document: Document, field: str) -> Document:
    """Return `document` with its `field`, from pieces where it is kept so."""
    if not document.get("parts"):
        return document
    return {**document, field: await get(mongo, document["_id"], document["parts"])}


def names(owner: str, count: int) -> list[str]:
    """Return the names of the pieces of `owner`."""
    return [_name(owner, number) for number in range(count)]


def _name(owner: str, number: int) -> str:
    return f"{owner}/{number:04d}"
