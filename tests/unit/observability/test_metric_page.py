"""The page that operators read is the table that the code counts by."""

from pathlib import Path

from orchestrator_dynamic.observability.metric_page import text
from tests.support.metric_samples import TABLE

DOCS = Path(__file__).parents[3] / "docs"


def test_it_is_as_committed() -> None:
    """A change of what is measured is seen in review, and by whoever has alerts on it."""
    told = "metrics are not as described; `make metrics` writes their page anew: review it"
    assert text() == (DOCS / "metrics.md").read_text(), told


def test_it_has_every_metric_with_what_to_do_about_it() -> None:
    """Whoever is woken by one finds it here."""
    rows = {line.split(" | ")[0]: line for line in text().splitlines() if line.startswith("| `")}

    assert rows.keys() == {f"| `{name}`" for name in TABLE}
    for name, metric in TABLE.items():
        assert rows[f"| `{name}`"].endswith(f"| {metric.meaning} | {metric.action} |")
