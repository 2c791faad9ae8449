"""How a handler says that an attempt is over, and how it is told so."""

from orchestrator_dynamic.errors import Refused


class PermanentFailure(Refused):
    """Raised by a handler: the ticket cannot be done, and trying again would not help."""


class TicketCancelled(Refused):
    """Raised by a heartbeat: nobody wants the ticket any more, so clean up and let this pass."""


class TicketSuperseded(Refused):
    """Raised by a heartbeat: a newer attempt has taken over, so leave its work alone and stop."""
