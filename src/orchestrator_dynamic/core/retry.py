"""How long a failed attempt waits before the next. Source: rules, "C4 Execute"."""

from orchestrator_dynamic.core.policy import RetryPolicy

# The conjugate of the golden ratio spreads consecutive numbers evenly over [0, 1).
_SPREAD = 0.6180339887498949


def wait_before_ms(attempt: int, policy: RetryPolicy, chance: float) -> int:
    """Return how long to wait before `attempt`, in milliseconds.

    Args:
        attempt: 2 is the first retry.
        chance: in [0, 1); moves the wait by the policy's jitter, 0.5 not at all.
    """
    # 2.0 ** 64 is far above any limit, and keeps the power finite.
    steps = min(attempt - 2, 64)
    wait = min(policy.wait_initial_ms * policy.factor**steps, policy.wait_max_ms)
    return round(wait * (1 + policy.jitter * (2 * chance - 1)))


def chance_for(ticket: int, chance: float) -> float:
    """Return the share of one drawn `chance` that falls to a ticket.

    Tickets that time out together must not come back together, though one fact tells of all.
    """
    return (chance + ticket * _SPREAD) % 1.0
