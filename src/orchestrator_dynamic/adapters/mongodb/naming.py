"""What people call a workflow or a ticket, as queries of MongoDB."""

from orchestrator_dynamic.adapters.mongodb.database import Document
from orchestrator_dynamic.errors import Finding, InvalidInput, Severity


def begins(field: str, beginning: str) -> Document:
    """Return the condition that `field` begins like this; an index can use it."""
    return {field: {"$gte": beginning, "$lt": beginning + "\U0010ffff"}}


def numbers_of_page(cursor: str, count: int) -> list[int]:
    """Return the numbers that `next` of a page is made of.

    Raises:
        InvalidInput: it came from no page.
    """
    numbers = cursor.split(".")
    if len(numbers) != count or any(not one.isdecimal() or len(one) > 18 for one in numbers):
        message = f"{cursor!r} is no page; pass on what came as `next` with the page before"
        where = [Finding("bad_cursor", Severity.ERROR, "after", message)]
        raise InvalidInput("bad_cursor", where)
    return [int(one) for one in numbers]
