"""The page in both of its languages: words, numbers, and what tells machines which it is."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.decisions import a_chain, a_decision
from tests.browser.service import a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]
Picture = Callable[[Page, str], Path]


def test_the_language_is_the_browsers_until_another_is_chosen(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """And the choice holds over a reload."""
    with a_service(tmp_path / "data") as service:
        service.submit(a_decision("parked", a_chain("one"), requires_approval=True))
        page = open_page(locale="pt-BR").page
        page.goto(service.page())
        expect(page.get_by_role("heading", name="Planos", exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
        expect(page.locator(".plans .badge")).to_have_text("Espera aprovação")
        expect(page.get_by_text("Precisa de você: 1 plano espera por uma pessoa")).to_be_visible()
        picture(page, "plans-pt")

        page.get_by_role("button", name="EN").click()
        expect(page.get_by_role("heading", name="Plans", exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.reload()
        expect(page.get_by_role("heading", name="Plans", exact=True)).to_be_visible()


def test_numbers_and_durations_follow_the_language(tmp_path: Path, open_page: Open) -> None:
    """A thousand is 1.000 in São Paulo and 1,000 in London."""
    with a_service(tmp_path / "data") as service:
        tasks = a_chain(*(f"step-{number}" for number in range(1_200)), ms=90_000)
        plan = service.submit(a_decision("many", tasks, requires_approval=True))
        page = open_page(locale="pt-BR").page
        page.goto(service.page(f"/plans/{plan}"))
        expect(page.locator(".plan-head .legend")).to_contain_text("1.200")
        expect(page.locator(".facts")).to_contain_text("1 dia 6 h")
        page.get_by_role("button", name="EN").click()
        expect(page.locator(".plan-head .legend")).to_contain_text("1,200")
        expect(page.locator(".facts")).to_contain_text("1d 6h")


def test_what_the_server_says_in_english_is_marked_as_english(
    tmp_path: Path, open_page: Open
) -> None:
    """A screen reader must not read English aloud as if it were Portuguese."""
    with a_service(tmp_path / "data") as service:
        watched = open_page(locale="pt-BR")
        watched.expects("404 (Not Found)")
        page = watched.page
        page.goto(service.page("/plans/orch-nobody-knows-it"))
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Nada é conhecido por este nome")
        expect(alert.locator("[lang=en]")).to_contain_text("orch-nobody-knows-it")
