"""Each view in both themes, judged by axe-core, and on a phone's width."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser.decisions import a_chain, a_decision
from tests.browser.service import Service, a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]
Picture = Callable[[Page, str], Path]

VOTE = {
    "specialist_type": "technical", "opinion_id": "opinion-1", "confidence_score": 0.9,
    "risk_score": 0.3, "recommendation": "approve", "weight": 0.5, "processing_time_ms": 120,
}  # fmt: skip
VIEWS = {
    "plans": "/plans",
    "graph": "/plans/orch-decision-done",
    "timeline": "/plans/orch-decision-done/timeline",
    "tickets": "/plans/orch-decision-undone/tickets?ticket=2",
    "decision": "/plans/orch-decision-done/decision",
    "audit": "/plans/orch-decision-undone/audit",
    "journal": "/plans/orch-decision-done/journal",
    "parked": "/plans/orch-decision-parked",
    "submit": "/submit",
    "dead-letters": "/dead-letters",
}
GRAVE = frozenset({"serious", "critical"})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a plan in each state that looks different."""
    with a_service(tmp_path_factory.mktemp("service") / "data") as found:
        votes = {"specialist_votes": [VOTE], "guardrails_triggered": ["budget"]}
        found.submit(a_decision("done", a_chain("one", "two", "three", ms=60), more=votes))
        found.submit(a_decision("undone", a_chain("one", "two", "broken", "four", ms=60)))
        found.submit(a_decision("parked", a_chain("one", "two"), requires_approval=True))
        yield found


def arrive(page: Page, service: Service, view: str) -> None:
    """Go to a view, and return when what it shows is there."""
    page.goto(service.page(VIEWS[view]))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    if VIEWS[view].startswith("/plans/"):
        expect(page.get_by_role("tabpanel")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_no_grave_fault(
    service: Service, open_page: Open, picture: Picture, view: str, theme: str
) -> None:
    """Names, roles, order, contrast: what a machine can judge of them."""
    page = open_page(storage={"orq.theme": theme}).page
    arrive(page, service, view)
    picture(page, f"{view}-{theme}")

    found = Axe().run(page).response["violations"]

    grave = [one for one in found if one["impact"] in GRAVE]
    told = [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in grave]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dialog_has_no_grave_fault(service: Service, open_page: Open, theme: str) -> None:
    """It is where decisions are made."""
    page = open_page(storage={"orq.theme": theme}).page
    arrive(page, service, "parked")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    found = Axe().run(page).response["violations"]

    assert [one["id"] for one in found if one["impact"] in GRAVE] == []


@pytest.mark.parametrize("width", [360, 390])
@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_shows_a_view_without_scrolling_sideways(
    service: Service, open_page: Open, picture: Picture, view: str, width: int
) -> None:
    """Somebody on call looks at it on the way."""
    size = {"width": width, "height": 780}
    page = open_page(viewport=size, is_mobile=True, has_touch=True).page
    arrive(page, service, view)
    picture(page, f"{view}-{width}")

    wide = page.evaluate("document.documentElement.scrollWidth")

    assert wide <= width


def test_little_movement_is_given_to_those_who_ask_for_it(
    service: Service, open_page: Open
) -> None:
    """Nothing on the page is animated then."""
    page = open_page(reduced_motion="reduce").page
    arrive(page, service, "plans")

    moving = page.evaluate("document.getAnimations().length")

    assert moving == 0
