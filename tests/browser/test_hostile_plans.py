"""Names and words of a plan that would be code, if the page let them."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.decisions import a_decision, a_task
from tests.browser.service import a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]
Picture = Callable[[Page, str], Path]

IMAGE = "<img src=x onerror=window.hit=1>"
SCRIPT = "<script>window.hit=1</script>"
LINK = "javascript:window.hit=1"
TABS = ("Graph", "Timeline", "Tickets", "Decision", "Audit", "Journal")


def test_what_a_plan_says_stays_text(tmp_path: Path, open_page: Open, picture: Picture) -> None:
    """Whoever may submit a plan must not act as whoever looks at it."""
    tasks = [
        a_task(IMAGE, ms=60, description=SCRIPT),
        a_task(f"broken {LINK}", IMAGE, ms=60, description=IMAGE),
    ]
    said = {"reasoning_summary": IMAGE, "guardrails_triggered": [SCRIPT]}
    with a_service(tmp_path / "data") as service:
        plan = service.submit(a_decision("plain-text", tasks, more=said))
        page = open_page().page
        page.goto(service.page())
        expect(page.get_by_role("link", name="plain-text")).to_be_visible()
        page.goto(service.page(f"/plans/{plan}"))
        for tab in TABS:
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
            expect(page.locator(".skeleton")).to_have_count(0)
        page.get_by_role("tab", name="Tickets").click()
        page.get_by_role("row", name=IMAGE).first.click()
        expect(page.get_by_role("complementary")).to_contain_text(SCRIPT)
        picture(page, "hostile")

        assert page.evaluate("window.hit") is None
        assert page.locator("main img").count() == 0
        links = page.locator("a").evaluate_all("(all) => all.map((one) => one.protocol)")
        assert set(links) == {"http:"}


def test_the_description_of_the_api_needs_nothing_from_elsewhere(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """It is drawn by files of our own, also where there is no network."""
    asked: list[str] = []
    with a_service(tmp_path / "data") as service:
        page = open_page().page
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{service.address}/docs")
        expect(page.get_by_text("/api/v1/workflows/{workflow_id}/events")).to_be_visible()
        picture(page, "docs")

        assert {one for one in asked if not one.startswith((service.address, "data:"))} == set()
