"""A person's answer about a plan that waits for one."""

from typing import Annotated

from orchestrator_dynamic.models.base import EpochMs, Message
from orchestrator_dynamic.models.ids import IDENTIFIER, IntentId, PlanId
from orchestrator_dynamic.models.vocabulary import ApprovalDecision


class ApprovalResponse(Message):
    """Who said what about which plan, and when.

    Attributes:
        intent_id: empty where the answer does not say.
    """

    plan_id: Annotated[PlanId, IDENTIFIER]
    intent_id: IntentId = IntentId("")
    decision: ApprovalDecision
    approved_by: str = ""
    approved_at: EpochMs = 0
    rejection_reason: str | None = None
    cognitive_plan_json: str | None = None
