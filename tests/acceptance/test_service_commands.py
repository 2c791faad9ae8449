"""`orq submit` and its like, against a service in another process."""

import json
from pathlib import Path

from tests.acceptance.command import EXAMPLES, NIGHTLY, orq, rows
from tests.acceptance.serving import NOTHING, serving

FORGET = EXAMPLES / "decisions" / "forget-customer.json"
SALE = EXAMPLES / "decisions" / "spring-sale.json"


def test_a_plan_is_handed_in_and_followed_to_its_end(tmp_path: Path) -> None:
    """One command from a file to an outcome, for scripts."""
    with serving(tmp_path / "data", "--worker", NOTHING) as service:
        followed = orq("submit", NIGHTLY, "--url", service.address, "--wait", "--json")
        again = orq("submit", NIGHTLY, "--url", service.address)

    assert followed.exit_code == 0
    [told] = followed.objects
    assert (told["reception"], told["outcome"], told["completed"]) == ("started", "SUCCESS", 4)
    assert again.exit_code == 0
    assert "duplicate" in again.out


def test_what_waits_for_a_person_is_told_and_decided_from_afar(tmp_path: Path) -> None:
    """By the name that people know a plan by; the audit knows who it was."""
    data_dir = tmp_path / "data"
    with serving(data_dir, "--worker", NOTHING) as service:
        there = {"ORQ_URL": service.address}
        waits = orq("submit", FORGET, "--wait", "--json", env=there)
        approved = orq("approve", "forget-customer", "--reason", "checked", "--json", env=there)
        ended = orq("submit", FORGET, "--wait", "--json", env=there)
        late = orq("cancel", "forget-customer", env=there)

    assert (waits.exit_code, waits.objects[0]["outcome"]) == (1, "AWAITING_APPROVAL")
    assert approved.exit_code == 0
    assert json.loads(approved.out)["reply"] == "approved"
    assert (ended.exit_code, ended.objects[0]["outcome"]) == (0, "SUCCESS")
    assert late.exit_code == 1
    assert "it ended SUCCESS" in late.err
    said = rows(data_dir, "SELECT actor, detail FROM audit WHERE action = 'plan_approved'")
    assert [(actor, json.loads(detail)["reason"]) for actor, detail in said] == [
        ("local", "checked")
    ]


def test_a_refused_decision_says_every_reason(tmp_path: Path) -> None:
    """And the service keeps nothing of it: whoever sent it still has it."""
    bad = tmp_path / "bad.json"
    bad.write_text('{"decision_id": "d", "final_decision": "perhaps"}')
    with serving(tmp_path / "data") as service:
        refused = orq("submit", bad, "--url", service.address)
        kept = orq("dead-letters", "--data-dir", tmp_path / "data")

    assert refused.exit_code == 1
    assert "refused" in refused.out
    assert "final_decision" in refused.out
    assert "plan_id" in refused.out
    assert "No dead letter" in kept.out


def test_a_failed_plan_is_run_again_from_where_it_failed(tmp_path: Path) -> None:
    """As a decision of its own: the first outcome stays, and asking twice starts nothing twice."""
    data_dir = tmp_path / "data"
    with serving(data_dir, "--worker", "tests.acceptance.failing_worker:worker") as service:
        there = {"ORQ_URL": service.address}
        first = orq("submit", SALE, "--wait", "--json", env=there)
        again = orq("retry", "orch-decision-spring-sale", "--json", env=there)
        twice = orq("retry", "orch-decision-spring-sale", "--json", env=there)
        early = orq("retry", "orch-decision-nobody", env=there)

    assert (first.exit_code, first.objects[0]["outcome"]) == (1, "COMPENSATED")
    assert json.loads(again.out)["reception"] == "started"
    assert json.loads(again.out)["workflow_id"] == "orch-decision-spring-sale~retry-1"
    assert json.loads(twice.out)["reception"] == "duplicate"
    assert early.exit_code == 1
    assert rows(data_dir, "SELECT count(*) FROM workflows") == [(2,)]


def test_a_service_that_is_not_there_is_told_as_such() -> None:
    """With the address that was tried, and what to look at."""
    ended = orq("submit", NIGHTLY, "--url", "http://127.0.0.1:9")

    assert ended.exit_code == 1
    assert "http://127.0.0.1:9 cannot be reached" in ended.err
    assert "is `orq serve` running there?" in ended.err


def test_an_address_that_is_none_is_refused() -> None:
    """Before anything is sent anywhere."""
    ended = orq("submit", NIGHTLY, "--url", "ftp://somewhere")

    assert ended.exit_code == 2
    assert "is no address" in ended.err
