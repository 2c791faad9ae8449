"""What every message has in common, and the numbers that they are made of."""

from functools import cache
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field

# 317 years. Three times a hundred thousand such tasks in a row still fit an Avro long.
DURATION_MS_MAX = 10**13

# The last millisecond of the year 9999, the latest that people's calendars can print.
EPOCH_MS_MAX = 253_402_300_799_999

LONG_MAX = 2**63 - 1
INT_MAX = 2**31 - 1

Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
FiniteFloat = Annotated[float, Field(allow_inf_nan=False)]
DurationMs = Annotated[int, Field(ge=0, le=DURATION_MS_MAX)]

# Milliseconds since 1970-01-01T00:00Z. Zero is how a message says that it does not know.
EpochMs = Annotated[int, Field(ge=0, le=EPOCH_MS_MAX)]

# A number that we work out ourselves, so that its bound is the wire's (an Avro long or int).
Long = Annotated[int, Field(ge=0, le=LONG_MAX)]
Count = Annotated[int, Field(ge=0, le=INT_MAX)]

# Any number that an Avro int holds; the plan rules say which ones we know.
SchemaVersion = Annotated[int, Field(ge=-INT_MAX - 1, le=INT_MAX)]

# A list is refused at its first wrong item: a message may hold millions, and a complaint about
# each would take more memory than the machine has.
ItemT = TypeVar("ItemT")
Items = Annotated[tuple[ItemT, ...], FailFast()]

# Where each entry may be wrong in several ways, there are no more of them than anybody has.
ENTRIES_MAX = 10_000
Records = Annotated[tuple[ItemT, ...], FailFast(), Field(max_length=ENTRIES_MAX)]
Numbers = Annotated[dict[str, FiniteFloat], Field(max_length=ENTRIES_MAX)]
Checks = Annotated[dict[str, bool], Field(max_length=ENTRIES_MAX)]


@cache
def _names_of(kind: type[BaseModel]) -> set[str]:
    """Return the names of all fields: one set for all messages of a kind, for it never changes."""
    return set(kind.model_fields)


class Message(BaseModel):
    """A value that never changes, and that ignores what a newer sender has added to it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    @classmethod
    def of_valid(cls, **fields: object) -> Self:
        """Return a message of values that are valid already, for a fifth of what checking costs.

        For messages that we make by the thousand from messages that were checked: `fields` must
        name every field, and nothing is checked. Pydantic's own `model_construct` does the same for
        arbitrary fields, and costs more than checking them does.
        """
        message, put = cls.__new__(cls), object.__setattr__
        put(message, "__dict__", fields)
        put(message, "__pydantic_fields_set__", _names_of(cls))
        put(message, "__pydantic_extra__", None)
        put(message, "__pydantic_private__", None)
        return message
