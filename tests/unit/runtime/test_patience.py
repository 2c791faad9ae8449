"""What is waited out, and what is not."""

import pytest

from orchestrator_dynamic.errors import InvariantViolation, Misconfigured, Refused, Unavailable
from orchestrator_dynamic.runtime.patience import until_available


class Moody:
    """Work that fails as it is told, and then does not."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def work(self) -> int:
        """Return how often it was called."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.calls


async def test_what_is_there_is_done_once() -> None:
    """Patience must cost nothing where it is not needed."""
    assert await until_available(Moody().work, "waited") == 1


async def test_an_outage_is_waited_out() -> None:
    """However often it takes: what was to be done is done, and its answer returned."""
    assert await until_available(Moody(*[Unavailable("away")] * 4).work, "waited") == 5


@pytest.mark.parametrize("error", [Misconfigured, Refused, InvariantViolation, ZeroDivisionError])
@pytest.mark.parametrize("outages", [0, 2])
async def test_what_patience_does_not_mend_is_raised(error: type[Exception], outages: int) -> None:
    """A wrong login tried for ever looks like an outage, and nobody comes to mend it."""
    moody = Moody(*[Unavailable("away")] * outages, error("for good"))

    with pytest.raises(error, match="for good"):
        await until_available(moody.work, "waited")

    assert moody.calls == outages + 1
