"""The service is killed and comes back: the page goes on by itself, and nothing is told twice."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.decisions import a_chain, a_decision
from tests.browser.service import a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]

# About a second and a half of work before the kill, and as much after it.
STEPS = 12
STEP_MS = 18_000


def numbers_in(page: Page) -> list[int]:
    """Return the numbers of the journal's entries that the page has, all of them being in sight."""
    texts = page.locator(".grid-body .cell-seq").all_inner_texts()
    return [int(text.replace(",", "")) for text in texts]


def test_a_page_outlives_a_kill_of_the_service(tmp_path: Path, open_page: Open) -> None:
    """Nothing is lost, nothing comes twice, and what is shown says whether it is live."""
    data = tmp_path / "data"
    names = [f"step-{number}" for number in range(STEPS)]
    watched = open_page(viewport={"width": 1200, "height": 3000})
    watched.expects("ERR_", "/events")
    page = watched.page
    with a_service(data) as service:
        plan = service.submit(a_decision("outage", a_chain(*names, ms=STEP_MS)))
        port = service.port
        page.goto(service.page(f"/plans/{plan}/journal"))
        expect(page.locator(".grid-body .entry").nth(5)).to_be_visible()
        service.running.process.kill()
        service.running.process.wait()
        expect(page.locator(".connection")).to_have_text("Reconnecting")

    with a_service(data, port=port) as service:
        expect(page.locator(".plan-head .badge").first).to_have_text("Success")
        told = service.ask("GET", f"/workflows/{plan}/timeline?limit=1000").json()["items"]
        expect(page.locator(".grid-body .cell-seq")).to_have_count(len(told))

    shown = numbers_in(page)
    assert shown == [entry["seq"] for entry in told]


def test_the_list_of_plans_outlives_it_too(tmp_path: Path, open_page: Open) -> None:
    """What came in while the page was cut off is there when it is back."""
    data = tmp_path / "data"
    watched = open_page()
    watched.expects("ERR_", "/events")
    page = watched.page
    with a_service(data) as service:
        port = service.port
        service.submit(a_decision("before", a_chain("one"), requires_approval=True))
        page.goto(service.page())
        expect(page.locator(".plans tbody tr")).to_have_count(1)
        service.running.process.kill()
        service.running.process.wait()
        expect(page.locator(".connection")).to_have_text("Reconnecting")

    with a_service(data, port=port) as service:
        service.submit(a_decision("after", a_chain("one"), requires_approval=True))
        expect(page.locator(".plans tbody tr")).to_have_count(2)
        expect(page.locator(".connection")).to_have_text("Live")
