"""How requests are counted: by what they are about, never by their path, which holds ids."""

from orchestrator_dynamic.observability.metrics import Metrics

_ROOT = "/api/v1/"
_LEASE = ":lease"

# The first part of a path, and what it is about; the rest of the API is about the service itself.
_GROUPS = {
    "decisions": "decisions",
    "plans": "plans",
    "workflows": "workflows",
    "events": "streams",
    "tickets": "tickets",
    "workers": "workers",
    "dead-letters": "dead_letters",
}
_ANSWERED = {1: "other", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}


def group_of(path: str) -> str:
    """Return what a request is about; those that wait on purpose are groups of their own."""
    if not path.startswith(_ROOT):
        return "page" if path in ("/", "/docs") or path.startswith("/page/") else "operations"
    first, _, rest = path.removeprefix(_ROOT).partition("/")
    if first == "workers" and rest.endswith(_LEASE):
        return "leases"
    if first == "workflows" and rest.endswith("/events"):
        return "streams"
    return _GROUPS.get(first, "operations")


def count(metrics: Metrics, path: str, status: int, seconds: float) -> None:
    """Count a request that has begun to be answered, `seconds` after it came."""
    group, answered = group_of(path), _ANSWERED.get(status // 100, "other")
    metrics.add("orchestration_http_requests_total", group=group, status=answered)
    metrics.observe("orchestration_http_request_duration_seconds", seconds, group=group)
