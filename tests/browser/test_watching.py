"""From a file that is dropped on the page to a plan that has ended before one's eyes."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.decisions import a_chain, a_decision, a_task
from tests.browser.service import a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]
Picture = Callable[[Page, str], Path]

# As a person's hand would: the browser's own object of a file, and its own event.
FILE = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: 'application/json' }));
  return transfer;
}"""


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file on the zone for it."""
    transfer = page.evaluate_handle(FILE, [name, text])
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})


def test_a_dropped_plan_is_looked_at_then_submitted_and_watched_to_its_end(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """The whole of what the page is for, and nothing is loaded anew on the way."""
    decision = a_decision("tea-time", a_chain("boil", "steep", "pour", "serve", ms=30_000))
    with a_service(tmp_path / "data") as service:
        page = open_page().page
        page.goto(service.page("/submit"))
        drop(page, "tea-time.json", decision)

        expect(page.get_by_role("heading", name="tea-time.json")).to_be_visible()
        expect(page.locator(".path li")).to_have_text(["boil", "steep", "pour", "serve"])
        picture(page, "submit-examined")
        page.evaluate("window.sameDocument = true")
        page.get_by_role("button", name="Submit").click()

        expect(page.get_by_role("heading", name="tea-time", level=1)).to_be_visible()
        expect(page.locator(".plan-head .badge")).to_have_text("Running")
        picture(page, "graph-running")
        expect(page.locator(".plan-head .badge")).to_have_text("Success")
        picture(page, "graph-ended")
        assert page.evaluate("window.sameDocument") is True
        page.get_by_role("tab", name="Tickets").click()
        expect(page.locator(".grid-body .badge")).to_have_text(["Completed"] * 4)
        page.get_by_role("tab", name="Journal").click()
        expect(page.locator(".grid-body .entry-text").last).to_contain_text("Completed")
        picture(page, "journal")


def test_what_cannot_run_is_told_with_every_reason_and_cannot_be_submitted(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """Whoever drops a plan with a circle in it learns which tasks make it."""
    circle = [a_task("hen", "egg"), a_task("egg", "hen")]
    with a_service(tmp_path / "data") as service:
        page = open_page().page
        page.goto(service.page("/submit"))
        drop(page, "circle.json", a_decision("circle", circle))

        expect(page.locator(".finding")).to_contain_text("dependency_cycle")
        expect(page.locator(".finding")).to_contain_text("hen → egg")
        expect(page.locator("[data-action=submit]")).to_have_count(0)
        picture(page, "submit-refused")
        drop(page, "letter.txt", "Dear orchestrator")
        expect(page.get_by_role("region", name="letter.txt")).to_contain_text("not_json")


def test_new_plans_and_what_waits_for_a_person_appear_by_themselves(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """A list that has to be loaded anew is not looked at."""
    with a_service(tmp_path / "data") as service:
        page = open_page().page
        page.goto(service.page())
        expect(page.get_by_text("No plan has come in yet")).to_be_visible()
        expect(page.get_by_text("orq submit plan.json")).to_be_visible()
        picture(page, "plans-empty")

        service.submit(a_decision("parked", a_chain("one"), requires_approval=True))
        stepwise = a_decision("stepwise", a_chain("safe", "wipe"), destructive=["wipe"])
        service.submit(stepwise)

        needs = page.get_by_role("region", name="Needs you")
        expect(needs).to_contain_text("parked")
        expect(needs).to_contain_text("waits for approval before it starts")
        expect(needs).to_contain_text("1 step waits for your approval")
        expect(page.locator(".plans tbody tr")).to_have_count(2)
        picture(page, "plans-needs-you")


def test_a_long_list_is_shown_step_by_step(tmp_path: Path, open_page: Open) -> None:
    """Sixty plans that wait must not push everything else out of sight."""
    with a_service(tmp_path / "data") as service:
        for number in range(60):
            name = f"plan-{number:02}"
            service.submit(a_decision(name, a_chain("one"), requires_approval=True))
        page = open_page().page
        page.goto(service.page())
        expect(page.locator(".plans tbody tr")).to_have_count(50)
        expect(page.locator(".plans tbody th a").first).to_have_text("plan-59")
        expect(page.get_by_text("Needs you: 60 plans wait for a person")).to_be_visible()
        expect(page.locator(".needs li")).to_have_count(7)

        page.get_by_role("button", name="Show more").click()

        expect(page.locator(".plans tbody tr")).to_have_count(60)
        expect(page.get_by_role("button", name="Show more")).to_have_count(0)
        page.locator(".needs").get_by_role("link", name="and 54 more").click()
        expect(page.get_by_label("State")).to_have_value("AWAITING_APPROVAL")


def test_filters_live_in_the_address(tmp_path: Path, open_page: Open) -> None:
    """What somebody found can be sent to somebody else."""
    with a_service(tmp_path / "data") as service:
        service.submit(a_decision("kept-back", a_chain("one"), requires_approval=True))
        service.submit(a_decision("at-stake", a_chain("one"), risk_band="critical"))
        page = open_page().page
        page.goto(service.page())
        expect(page.locator(".plans tbody tr")).to_have_count(2)

        page.get_by_label("Risk").select_option("critical")
        expect(page.locator(".plans tbody th a")).to_have_text(["at-stake"])
        page.reload()
        expect(page.locator(".plans tbody th a")).to_have_text(["at-stake"])
        page.get_by_role("link", name="Clear filters").click()
        page.get_by_role("searchbox").fill("kept")
        expect(page.locator(".plans tbody th a")).to_have_text(["kept-back"])
        assert "q=kept" in page.url


def test_a_failed_plan_says_what_failed_what_was_undone_and_whom_it_calls(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """What somebody sees who is woken up at three in the morning."""
    tasks = a_chain("prepare", "publish", "broken-step", "celebrate")
    with a_service(tmp_path / "data") as service:
        plan = service.submit(a_decision("night-shift", tasks))
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}/tickets"))

        expect(page.locator(".plan-head .badge").first).to_have_text("Undone")
        row = page.get_by_role("row", name="3 broken-step")
        expect(row).to_contain_text("broken-step cannot be done")
        row.click()
        panel = page.get_by_role("complementary")
        expect(panel).to_contain_text("broken-step cannot be done")
        expect(panel.get_by_role("heading", name="History")).to_be_visible()
        picture(page, "failed-ticket")
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        page.get_by_role("tab", name="Audit").click()
        expect(page.get_by_text("A worker could not do it")).to_be_visible()
        picture(page, "failed-audit")
        page.get_by_role("tab", name="Timeline").click()
        expect(page.locator(".timeline canvas[data-ready=true]")).to_be_visible()
        picture(page, "failed-timeline")


def test_a_place_on_the_page_survives_a_reload(tmp_path: Path, open_page: Open) -> None:
    """A link to a ticket leads to the ticket."""
    with a_service(tmp_path / "data") as service:
        plan = service.submit(a_decision("linked", a_chain("one", "two", ms=60)))
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}/tickets?ticket=1"))
        expect(page.get_by_role("complementary").get_by_role("heading", name="two")).to_be_visible()

        page.reload()

        expect(page.get_by_role("complementary").get_by_role("heading", name="two")).to_be_visible()
        expect(page.get_by_role("tab", name="Tickets")).to_have_attribute("aria-selected", "true")
