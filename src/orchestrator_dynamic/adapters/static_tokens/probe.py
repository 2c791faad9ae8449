"""Whether a file of hashed tokens lets anybody in, for `doctor`."""

from pathlib import Path

from orchestrator_dynamic.adapters.static_tokens import file
from orchestrator_dynamic.adapters.static_tokens.entries import TokensFileInvalid
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

_NAME = "tokens file"


def probe(path: Path, now_ms: int) -> list[Check]:
    """Return what there is to say about the file; nothing starts with one that cannot be used."""
    try:
        reading = file.read(path)
    except TokensFileInvalid as error:
        return [problem(_NAME, str(error), "correct it; a running service goes on with the last")]
    if all(entry.expired(now_ms) for entry in reading.entries):
        finding = f"{path} has no token that is good now, so that it lets nobody in"
        return [warning(_NAME, finding, f"orq token SUBJECT --scope SCOPE --file {path}")]
    if reading.open_to:
        finding = f"{path} can be read by {reading.open_to}: hashes, and who has which scopes"
        return [warning(_NAME, finding, f"chmod 600 {path}")]
    return [ok(_NAME, f"{path} has tokens that are good now")]
