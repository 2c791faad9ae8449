"""Times as people say them."""

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000


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
