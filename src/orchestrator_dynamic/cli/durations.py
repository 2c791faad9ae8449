"""Times as people say them, and as they write them."""

import re

from orchestrator_dynamic.errors import Misconfigured

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000

_MS_OF = {
    "s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": 24 * HOUR_MS, "w": 7 * 24 * HOUR_MS,
}  # fmt: skip
_WRITTEN = re.compile(r"([0-9]{1,9})([smhdw])")


def spoken(duration_ms: int) -> str:
    """Return a duration as short as it can be read: 40 ms, 9.3 s, 3 min 05 s, 2 h 10 min."""
    if duration_ms < SECOND_MS:
        return f"{duration_ms} ms"
    if duration_ms < MINUTE_MS:
        # Cut, not rounded, so that what is below a minute never reads as sixty seconds.
        return f"{duration_ms // 100 / 10:.1f} s"
    if duration_ms < HOUR_MS:
        minutes, rest = divmod(duration_ms, MINUTE_MS)
        return f"{minutes} min {rest // SECOND_MS:02} s"
    hours, rest = divmod(duration_ms, HOUR_MS)
    return f"{hours:,} h {rest // MINUTE_MS:02} min"


def written_ms(text: str, option: str) -> int:
    """Return the duration that was written as a number and a unit, as in 30d.

    Raises:
        Misconfigured: it was not; the message names `option`.
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        raise Misconfigured(f"{option} is {text!r}; write a number and s, m, h, d or w: 30d")
    return int(match[1]) * _MS_OF[match[2]]
