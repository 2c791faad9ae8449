"""What the library raises, as one of our kinds: it decides between trying again and a person."""

import pytest
from bson.errors import InvalidDocument
from pymongo import errors

from orchestrator_dynamic.adapters.mongodb.errors import StoreUnavailable, translated
from orchestrator_dynamic.errors import Misconfigured, OrchestratorError, Refused


def bulk(code: int, *concerns: str) -> errors.BulkWriteError:
    """Return how a bulk fails of which one operation has this code."""
    failed = [{"index": 0, "code": code, "errmsg": "no"}] if code else []
    told = [{"code": 64, "errmsg": one} for one in concerns]
    return errors.BulkWriteError({"writeErrors": failed, "writeConcernErrors": told})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.AutoReconnect("gone"), StoreUnavailable),
        (errors.NetworkTimeout("slow"), StoreUnavailable),
        (errors.ServerSelectionTimeoutError("nobody"), StoreUnavailable),
        (errors.NotPrimaryError("stepped down"), StoreUnavailable),
        (errors.WaitQueueTimeoutError("busy"), StoreUnavailable),
        (errors.WTimeoutError("no majority", 64), StoreUnavailable),
        (errors.WriteConcernError("no majority", 91), StoreUnavailable),
        (errors.ExecutionTimeout("slow", 50), StoreUnavailable),
        (errors.OperationFailure("stepping down", 10107), StoreUnavailable),
        (
            errors.OperationFailure("later", 1, {"errorLabels": ["RetryableWriteError"]}),
            StoreUnavailable,
        ),
        (TimeoutError(), StoreUnavailable),
        (bulk(0, "no majority"), StoreUnavailable),
        (bulk(11602), StoreUnavailable),
        (errors.OperationFailure("who are you", 18), Misconfigured),
        (errors.OperationFailure("not allowed", 13), Misconfigured),
        (errors.OperationFailure("not valid", 121), Misconfigured),
        (bulk(13, "no majority"), Misconfigured),
        (errors.ConfigurationError("what"), Misconfigured),
        (errors.InvalidURI("what"), Misconfigured),
        (errors.DocumentTooLarge("large"), Refused),
        (errors.OperationFailure("large", 10334), Refused),
        (errors.DuplicateKeyError("taken", 11000), Refused),
        (bulk(11000), Refused),
        (InvalidDocument("what"), Refused),
        (OverflowError("8 bytes"), Refused),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_failure_is_of_one_kind(error: Exception, kind: type[OrchestratorError]) -> None:
    """Nothing foreign gets through, and each message says what was being done."""
    found = translated(error, "writing a plan")

    assert type(found) is kind
    if not isinstance(error, errors.ConfigurationError):
        assert "writing a plan" in str(found)
