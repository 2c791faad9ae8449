"""What the library's errors mean to whoever called us."""

from bson.errors import BSONError, InvalidDocument
from pymongo import errors

from orchestrator_dynamic.errors import Misconfigured, OrchestratorError, Refused, Unavailable

# Unauthorized, AuthenticationFailed, and Atlas's word for either.
_LOGIN = frozenset({13, 18, 8000})
# Codes of a server that steps down, starts, stops, is too slow or has no majority now.
_FOR_NOW = frozenset(
    {6, 7, 50, 64, 74, 89, 91, 100, 112, 134, 189, 202, 262, 314, 317, 358, 384, 9001, 10058}
    | {10107, 11600, 11602, 13435, 13436, 14031}
)
_DUPLICATE = 11000
_TOO_LARGE = frozenset({10334, 17280, 17419, 17420})


class StoreUnavailable(Unavailable):
    """MongoDB did not answer in time, or has no majority; what was asked may have happened."""


def translated(error: Exception, what: str) -> OrchestratorError:
    """Return what `error` asks of whoever was doing `what`."""
    match error:
        case errors.BulkWriteError():
            return _of_bulk(error, what)
        case errors.WriteConcernError() | errors.WTimeoutError():
            return StoreUnavailable(f"{what}: no majority has it yet: {error}")
        case errors.OperationFailure():
            return _of_failure(error.code, str(error), what, error)
        case errors.ConnectionFailure() | errors.WaitQueueTimeoutError() | TimeoutError():
            return StoreUnavailable(f"{what}: {str(error) or 'no answer in time'}")
        case errors.DocumentTooLarge():
            return Refused(f"{what}: a record is larger than MongoDB's 16 MB: {error}")
        case errors.ConfigurationError() | errors.InvalidURI():
            return Misconfigured(f"the address of MongoDB is not understood: {error}")
        case InvalidDocument() | BSONError() | OverflowError() | UnicodeError():
            return Refused(f"{what}: a value that MongoDB cannot hold: {error}")
        case _:
            return StoreUnavailable(f"{what}: {error}")


def _of_bulk(error: errors.BulkWriteError, what: str) -> OrchestratorError:
    """Return the gravest of what went wrong in a bulk: the operator's fault before the world's."""
    details = error.details or {}
    found = [
        _of_failure(one.get("code"), str(one.get("errmsg")), what)
        for one in details.get("writeErrors", ())
    ]
    if details.get("writeConcernErrors"):
        said = details["writeConcernErrors"][0].get("errmsg")
        found.append(StoreUnavailable(f"{what}: no majority has it yet: {said}"))
    for kind in (Misconfigured, Refused, StoreUnavailable):
        for one in found:
            if isinstance(one, kind):
                return one
    return StoreUnavailable(f"{what}: {error}")


def _of_failure(
    code: int | None, said: str, what: str, error: errors.PyMongoError | None = None
) -> OrchestratorError:
    labels = ("RetryableWriteError", "TransientTransactionError")
    if code in _FOR_NOW or (error and any(map(error.has_error_label, labels))):
        return StoreUnavailable(f"{what}: {said}")
    if code in _LOGIN:
        return Misconfigured(f"MongoDB refuses our login, or it may not do this: {what}: {said}")
    if code == _DUPLICATE:
        return Refused(f"{what}: another record has this name already: {said}")
    if code in _TOO_LARGE:
        return Refused(f"{what}: a record is larger than MongoDB takes: {said}")
    return Misconfigured(f"MongoDB refuses this: {what}: {said}")
