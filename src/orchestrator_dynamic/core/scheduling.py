"""C3: which ticket goes out next. The whole policy is `priority_score` and `order_key`.

Source: rules, "C3 Allocate".
"""

from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ready_queue import OrderKey
from orchestrator_dynamic.core.ticket import Ticket
from orchestrator_dynamic.models.execution_ticket import QoS
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    RiskBand,
)

_RISK = {RiskBand.CRITICAL: 1.0, RiskBand.HIGH: 0.7, RiskBand.MEDIUM: 0.5, RiskBand.LOW: 0.3}
_DELIVERY = {
    DeliveryMode.EXACTLY_ONCE: 1.0,
    DeliveryMode.AT_LEAST_ONCE: 0.7,
    DeliveryMode.AT_MOST_ONCE: 0.5,
}
_CONSISTENCY = {Consistency.STRONG: 1.0, Consistency.EVENTUAL: 0.85}
_DURABILITY = {Durability.PERSISTENT: 1.0, Durability.TRANSIENT: 0.9}

# Urgency while less than half of the time to the deadline is used, until the warning is due (80 %
# by default), and after.
URGENCY = (0.3, 0.7, 1.0)
HALF_SHARE = 0.5


def priority_score(risk_band: RiskBand, qos: QoS, urgency: float, policy: Policy) -> float:
    """Return how much a ticket matters now, in 0..1."""
    weights = policy.weights
    quality = (
        _DELIVERY[qos.delivery_mode] * _CONSISTENCY[qos.consistency] * _DURABILITY[qos.durability]
    )
    return weights.risk * _RISK[risk_band] + weights.qos * quality + weights.urgency * urgency


def scores_of(risk_band: RiskBand, qos: QoS, policy: Policy) -> tuple[float, float, float]:
    """Return the score at each step of urgency; risk and quality are the same for a whole plan."""
    low, middle, high = (priority_score(risk_band, qos, urgency, policy) for urgency in URGENCY)
    return low, middle, high


def order_key(ticket: Ticket, tail_ms: int) -> OrderKey:
    """Return the key by which ready tickets are sorted: the smallest goes first.

    By score, then by the longest way to the end of the plan, then by age, then by number, so that
    the order is total and the same everywhere.
    """
    return (-ticket.score, -tail_ms, ticket.ready_at or 0, ticket.number)
