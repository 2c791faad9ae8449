"""A client for looking and arranging rather than for messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions, client_arguments
from orchestrator_dynamic.adapters.kafka.failures import translated, unreachable

# Long enough for a controller that is being elected, short enough for a person who waits.
_PATIENCE_S = 10.0


@asynccontextmanager
async def administrator(
    options: KafkaOptions, doing: str, patience_s: float = _PATIENCE_S
) -> AsyncIterator[AIOKafkaAdminClient]:
    """Return a connected client for a stretch of work that takes `patience_s` at most.

    Raises:
        BrokerUnavailable: no broker can be reached, or it takes longer than that.
        Misconfigured: the brokers refuse us.
    """
    client = AIOKafkaAdminClient(**client_arguments(options))
    try:
        async with asyncio.timeout(patience_s):
            try:
                await client.start()
            except (KafkaError, OSError) as error:
                raise await unreachable(options, error, doing) from error
            yield client
    except TimeoutError as error:
        raise translated(error, f"{doing}, within {patience_s:g} s") from error
    except (KafkaError, OSError) as error:
        raise translated(error, doing) from error
    finally:
        async with asyncio.timeout(1.0):
            await client.close()
