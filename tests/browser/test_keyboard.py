"""From the list to an approved plan with nothing but the keyboard."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.decisions import a_chain, a_decision
from tests.browser.service import a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]

TABS_MAX = 60


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what has the focus matches a selector, and can be seen to have it."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            break
    else:
        raise AssertionError(f"Tab never came to {wanted}")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", f"nobody sees that {wanted} has the focus"


def test_a_plan_is_found_and_approved_by_keys_alone(tmp_path: Path, open_page: Open) -> None:
    """Whoever has no mouse decides too, and the focus comes back to where it was."""
    with a_service(tmp_path / "data") as service:
        service.submit(a_decision("by-hand", a_chain("one", "two"), requires_approval=True))
        page = open_page().page
        page.goto(service.page())
        expect(page.get_by_text("Needs you: 1 plan waits for a person")).to_be_visible()

        tab_to(page, ".needs a")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="by-hand", level=1)).to_be_visible()
        tab_to(page, "[data-action=approve]")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("[data-action=approve]")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
        page.keyboard.type("Seen and agreed.")
        for _ in range(TABS_MAX):
            page.keyboard.press("Tab")
            inside = page.evaluate("document.activeElement.closest('dialog') !== null")
            at_end = page.evaluate("document.activeElement.matches('dialog button[type=submit]')")
            assert inside or page.evaluate("document.activeElement === document.body")
            if at_end:
                break
        page.keyboard.press("Enter")

        expect(page.locator(".plan-head .badge").first).to_have_text("Success")
        expect(page.get_by_role("status").last).to_contain_text("by-hand")


def test_tabs_rows_and_canvases_answer_to_keys(tmp_path: Path, open_page: Open) -> None:
    """Arrows move, Enter opens, Escape closes; what a canvas shows is said."""
    with a_service(tmp_path / "data") as service:
        plan = service.submit(a_decision("walk", a_chain("one", "two", "three", ms=60)))
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}"))
        expect(page.locator("canvas[data-ready=true]")).to_be_visible()

        page.locator("canvas").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator("[aria-live=polite]")).to_contain_text("two, EXECUTE")
        page.keyboard.press("Enter")
        panel = page.get_by_role("complementary")
        expect(panel.get_by_role("heading", name="two")).to_be_focused()
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        expect(page.locator("canvas")).to_be_focused()

        page.get_by_role("tab", name="Graph").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Timeline")).to_be_focused()
        expect(page.locator(".timeline canvas[data-ready=true]")).to_be_visible()
        page.locator(".timeline canvas").focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator("[aria-live=polite]")).to_contain_text("one, Completed")

        page.get_by_role("tab", name="Tickets").click()
        page.locator(".grid-body [role=row]").first.focus()
        page.keyboard.press("End")
        expect(page.get_by_role("row", name="3 three")).to_be_focused()
        page.keyboard.press("Enter")
        expect(panel.get_by_role("heading", name="three")).to_be_visible()


def test_the_content_is_one_key_away(tmp_path: Path, open_page: Open) -> None:
    """Nobody has to walk through the head of the page again and again."""
    with a_service(tmp_path / "data") as service:
        page = open_page().page
        page.goto(service.page())
        expect(page.get_by_text("No plan has come in yet")).to_be_visible()

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")

        expect(page.get_by_role("main")).to_be_focused()
        assert page.url.endswith("#/plans")
