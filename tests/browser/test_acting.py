"""What people do about plans on the page, and what those cannot who may not."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.command import EXAMPLES, orq
from tests.browser.decisions import a_chain, a_decision
from tests.browser.service import Service, a_guarded_service, a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]
Picture = Callable[[Page, str], Path]

# Long enough that a person can step in, for a test that is not hurried.
SLOW_MS = 60_000


def confirm(page: Page, action: str, reason: str) -> None:
    """Press an action's button, say why, and confirm."""
    page.locator(f"[data-action={action}]").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_have_count(0)


def audit_of(service: Service, plan: str, who: str | None = None) -> list[tuple[str, str, str]]:
    """Return who did what and why."""
    entries = service.ask("GET", f"/workflows/{plan}/audit", who).json()["items"]
    return [(one["actor"], one["action"], one["detail"].get("reason", "")) for one in entries]


def test_a_waiting_step_is_approved_on_the_page_and_the_plan_ends(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """Who approved, and why, is on the record."""
    decision = a_decision("cleaning", a_chain("look", "wipe", "report"), destructive=["wipe"])
    allowed = {"ops": ("read", "operate"), "ann": ("read", "approve")}
    with a_guarded_service(tmp_path, **allowed) as service:
        plan = service.submit(decision, "ops")
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}", "ann"))
        expect(page.get_by_text("1 step waits for your approval")).to_be_visible()
        page.locator("[data-action=approve]").click()
        picture(page, "approval-dialog")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)

        confirm(page, "approve", "The backup is verified.")

        expect(page.locator(".plan-head .badge").first).to_have_text("Success")
        assert ("ann", "step_approved", "The backup is verified.") in audit_of(service, plan, "ann")


def test_who_may_only_read_sees_why_it_cannot_act(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """A button that does nothing and says nothing is worse than none; and the API says no too."""
    decision = a_decision("guarded", a_chain("one"), requires_approval=True)
    allowed = {"ops": ("read", "operate"), "guest": ("read",)}
    with a_guarded_service(tmp_path, **allowed) as service:
        plan = service.submit(decision, "ops")
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}", "guest"))

        approve = page.get_by_role("button", name="Approve")
        expect(approve).to_be_disabled()
        expect(approve).to_have_accessible_description(
            "Your token does not allow this; it takes the scope “approve”."
        )
        approve.click(force=True)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Cancel plan")).to_be_disabled()
        picture(page, "reader")
        refused = service.ask("POST", "/decisions/decision-guarded/approve", "guest", json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_the_token_leaves_the_address_at_once_and_a_wrong_one_is_asked_for_again(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """What stands in the address is in the history, in pictures, and over shoulders."""
    with a_guarded_service(tmp_path, ann=("read",)) as service:
        watched = open_page()
        watched.expects("401 (Unauthorized)")
        page = watched.page
        page.goto(service.page("/plans", "ann"))
        expect(page.get_by_text("You: ann")).to_be_visible()
        assert service.tokens["ann"] not in page.url
        assert page.context.cookies() == []

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
        page.get_by_label("Bearer token").fill("not-a-token")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("Nobody is known by this token")
        picture(page, "sign-in")
        page.get_by_label("Bearer token").fill(service.tokens["ann"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Plans")).to_be_visible()
        expect(page.get_by_text("You: ann")).to_be_visible()


def test_a_plan_is_paused_resumed_and_cancelled(tmp_path: Path, open_page: Open) -> None:
    """Each with its reason on the record, and each seen at once."""
    names = [f"step-{number}" for number in range(30)]
    with a_service(tmp_path / "data") as service:
        plan = service.submit(a_decision("long", a_chain(*names, ms=SLOW_MS)))
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}/tickets"))
        state = page.locator(".plan-head .badge").first

        confirm(page, "pause", "Wait for the others.")
        expect(state).to_have_text("Paused")
        confirm(page, "resume", "They are here.")
        expect(state).to_have_text("Running")
        confirm(page, "cancel", "Not today.")

        expect(state).to_have_text("Cancelled")
        audit = audit_of(service, plan)
        assert ("local", "plan_paused", "Wait for the others.") in audit
        assert ("local", "plan_resumed", "They are here.") in audit
        assert ("local", "plan_cancelled", "Not today.") in audit


def test_a_cancelled_plan_is_retried_as_a_new_one(tmp_path: Path, open_page: Open) -> None:
    """The page goes on to it, and each names the other."""
    with a_service(tmp_path / "data") as service:
        plan = service.submit(a_decision("again", a_chain("one", "two"), requires_approval=True))
        service.ask("POST", f"/workflows/{plan}/cancel", json={})
        page = open_page().page
        page.goto(service.page(f"/plans/{plan}"))
        expect(page.locator(".plan-head .badge").first).to_have_text("Cancelled")

        confirm(page, "retry", "Now it may.")

        expect(page.locator(".plan-head .badge").first).not_to_have_text("Cancelled")
        page.get_by_text("Ids and origin").click()
        expect(page.get_by_role("link", name=plan)).to_be_visible()


def test_what_cannot_be_done_any_more_is_told(tmp_path: Path, open_page: Open) -> None:
    """Two people look at the same plan, and one is quicker."""
    with a_service(tmp_path / "data") as service:
        service.submit(a_decision("raced", a_chain("one"), requires_approval=True))
        watched = open_page(storage={"orq.language": "pt-BR"})
        watched.expects("409 (Conflict)", "412 (Precondition Failed)")
        page = watched.page
        page.goto(service.page("/plans/orch-decision-raced"))
        with page.expect_response("**/api/v1/decisions/decision-raced"):
            page.locator("[data-action=approve]").click()
        service.ask("POST", "/decisions/decision-raced/reject", json={"reason": "No."})
        page.get_by_role("dialog").locator("button[type=submit]").click()

        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator(".plan-head .badge").first).to_have_text("Rejeitado")


def test_a_dead_letter_is_read_and_handed_in_again(
    tmp_path: Path, open_page: Open, picture: Picture
) -> None:
    """It is refused again, since nothing has been mended, and the page says so."""
    data = tmp_path / "data"
    orq("run", EXAMPLES / "bad" / "not-json.json", "--data-dir", data)
    with a_service(data) as service:
        page = open_page().page
        page.goto(service.page("/dead-letters"))
        expect(page.get_by_role("cell", name="not_json")).to_be_visible()
        picture(page, "dead-letters")
        page.get_by_role("link", name="#1").click()
        expect(page.get_by_role("heading", name="Dead letter #1")).to_be_visible()
        expect(page.locator("pre")).to_contain_text("Dear orchestrator")
        page.get_by_role("button", name="Hand in again").click()
        expect(page.locator(".notice").first).to_be_visible()
        picture(page, "dead-letter")
