"""What tests of workers over Kafka start from."""

from collections.abc import AsyncIterator

import pytest

from tests.services.sdk.exchange import Exchange, open_exchange
from tests.support.servers.kafka import Kafka


@pytest.fixture
async def exchange(kafka: Kafka) -> AsyncIterator[Exchange]:
    """Two topics of a test's own."""
    async with open_exchange(kafka.bootstrap_servers) as opened:
        yield opened
