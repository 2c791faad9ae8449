"""The names of things, each a type of its own, so that none is mistaken for another."""

from typing import NewType

from pydantic import StringConstraints

DecisionId = NewType("DecisionId", str)
PlanId = NewType("PlanId", str)
IntentId = NewType("IntentId", str)
TaskId = NewType("TaskId", str)
TicketId = NewType("TicketId", str)
WorkflowId = NewType("WorkflowId", str)

ID_LENGTH_MAX = 512

# Ids become keys, header values and log fields, so control characters are kept out of them.
# The pattern is matched by pydantic's own engine: no Python runs for an id.
IDENTIFIER = StringConstraints(min_length=1, max_length=ID_LENGTH_MAX, pattern=r"^\P{Cc}*$")
