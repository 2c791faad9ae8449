"""What the name of a field tells about its value."""

_TIMES = ("_at", "_until", "timestamp", "deadline", "actual_completion")


def is_time(name: str) -> bool:
    """Return whether a field of this name, or at the end of this path, holds a time."""
    return name.endswith(_TIMES)
