"""Whatever is handed in gets a verdict in words, is on the record, and holds nobody up."""

import json
import random
from pathlib import Path

import pytest

from orchestrator_dynamic.simulation.bench_plans import decision
from tests.acceptance.command import EXAMPLES, NIGHTLY, Ended, orq, rows

BAD = EXAMPLES / "bad"

# For each example: how it ends, and the reasons that must all be given at once.
VERDICTS = {
    "not-json.json": ("DEAD_LETTER", {"not_json"}),
    "empty.json": ("DEAD_LETTER", {"empty"}),
    "duplicate-keys.json": ("DEAD_LETTER", {"duplicate_key"}),
    "not-a-number.json": ("DEAD_LETTER", {"not_a_number"}),
    "wrong-types.json": (
        "DEAD_LETTER",
        {"wrong_type", "missing_field", "unknown_word", "wrong_length"},
    ),
    "cycle.json": ("REJECTED", {"dependency_cycle"}),
    "self-dependency.json": ("REJECTED", {"self_dependency"}),
    "missing-dependency.json": ("REJECTED", {"missing_dependency"}),
    "duplicate-task-id.json": ("REJECTED", {"duplicate_task_id"}),
    "no-tasks.json": ("REJECTED", {"no_tasks"}),
    "unknown-schema-version.json": ("REJECTED", {"schema_version_unknown"}),
    "disagreement.json": ("REJECTED", {"plan_id_disagrees", "intent_id_disagrees"}),
    "expired.json": ("EXPIRED", set[str]()),
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """Run all bad examples and a good one with one command."""
    data_dir = tmp_path_factory.mktemp("data")
    ended = orq("run", BAD, NIGHTLY, "--json", "--speed", "max", "--data-dir", data_dir)
    return ended, data_dir


def test_every_bad_example_has_its_verdict_here() -> None:
    """An example that nobody checks proves nothing."""
    assert {path.name for path in BAD.iterdir()} == set(VERDICTS)


@pytest.mark.parametrize("name", VERDICTS)
def test_a_bad_input_ends_as_the_rules_say_with_every_reason(
    name: str, examples: tuple[Ended, Path]
) -> None:
    """Its sender mends all of it at once, and programs know what it was by a code."""
    outcome, codes = VERDICTS[name]

    told = next(one for one in examples[0].objects if one["source"] == str(BAD / name))

    errors = {one["code"] for one in told["findings"] if one["severity"] == "error"}
    assert (told["outcome"], errors) == (outcome, codes)
    assert told["tickets"]["completed"] == 0
    assert told["reason"]


def test_a_good_plan_among_bad_inputs_succeeds(examples: tuple[Ended, Path]) -> None:
    """One sender's mistake is no other's trouble; the exit code still says that not all is well."""
    ended, _ = examples

    assert ended.outcomes["nightly-report"] == "SUCCESS"
    assert ended.exit_code == 1
    assert "Traceback" not in ended.err


def test_each_bad_input_is_on_the_record(examples: tuple[Ended, Path]) -> None:
    """A month later somebody asks what became of it, and why."""
    _, data_dir = examples

    letters = dict(rows(data_dir, "SELECT source, reason FROM dead_letters"))
    audited = rows(
        data_dir,
        "SELECT source, json_extract(detail, '$.code') FROM audit "
        "JOIN workflows USING (workflow_id) JOIN decisions USING (workflow) "
        "WHERE action = 'plan_finding'",
    )

    for name, (outcome, codes) in VERDICTS.items():
        source = str(BAD / name)
        if outcome == "DEAD_LETTER":
            assert letters[source] in codes | {"contract"}
        else:
            assert {code for where, code in audited if where == source} == codes
    expired = "SELECT outcome FROM workflows WHERE plan_id = 'bad-expired'"
    assert rows(data_dir, expired) == [("EXPIRED",)]


def test_people_read_every_reason_in_words(tmp_path: Path) -> None:
    """A code is for programs; a person needs the place, what is wrong and what to send."""
    ended = orq("run", BAD / "wrong-types.json", BAD / "cycle.json", "--data-dir", tmp_path)

    said = " ".join(ended.out.split())
    assert "decision_id must be text; it is 42" in said
    assert "cognitive_plan.tasks[0].dependencies must be a list; it is 'fill'" in said
    assert "cognitive_plan.tasks[2] must be an object; it is 'steep'" in said
    assert "wait for each other in a circle: boil → steep → serve → boil" in said
    assert ended.exit_code == 1


def test_a_known_decision_with_other_content_is_a_conflict(tmp_path: Path) -> None:
    """Two different things must not share a name; the first one stands."""
    other = tmp_path / "other.json"
    other.write_text(NIGHTLY.read_text().replace("Render the report", "Burn the report"))

    ended = orq("run", NIGHTLY, other, "--json", "--speed", "max", "--data-dir", tmp_path / "data")

    assert ended.outcomes == {"nightly-report": "SUCCESS", "other.json": "DEAD_LETTER"}
    assert [one["reason"] for one in ended.objects if one["source"] == str(other)] == [
        "decision_conflict"
    ]


def test_what_is_large_deep_or_noise_is_refused_and_harms_nobody(tmp_path: Path) -> None:
    """Neither mistakes nor malice stop the others, nor does a plan that waits for a person."""
    folder = tmp_path / "folder"
    folder.mkdir()
    noise = random.Random(1).randbytes(1024 * 1024)
    parked = EXAMPLES / "decisions" / "forget-customer.json"
    (folder / "0-parked.json").write_bytes(parked.read_bytes())
    (folder / "a-noise.bin").write_bytes(noise * 72)
    (folder / "b-deep.json").write_text('{"decision_id": ' + "[" * 200_000 + "]" * 200_000 + "}")
    (folder / "c-avro.avro").write_bytes(b"\0\0\0\0\x07" + noise[:5_000])
    (folder / "d-too-many.json").write_bytes(decision("too-many", [[] for _ in range(100_001)]))
    (folder / "e-good.json").write_bytes(NIGHTLY.read_bytes())
    (folder / "f-other.txt").write_text("not looked at")

    ended = orq("run", folder, "--json", "--speed", "max", "--data-dir", tmp_path / "data")

    reasons = {Path(one["source"]).name: one["reason"] for one in ended.objects}
    assert ended.outcomes == {
        "a-noise.bin": "DEAD_LETTER",
        "b-deep.json": "DEAD_LETTER",
        "c-avro.avro": "DEAD_LETTER",
        "too-many": "REJECTED",
        "nightly-report": "SUCCESS",
        "forget-customer": "AWAITING_APPROVAL",
    }
    assert reasons["a-noise.bin"] == "too_large"
    assert reasons["b-deep.json"] == "nested_too_deeply"
    assert "Traceback" not in ended.err
    sizes = rows(tmp_path / "data", "SELECT size FROM dead_letters WHERE reason = 'too_large'")
    assert sizes == [(72 * 1024 * 1024,)]


def test_a_file_that_only_looks_like_a_decision_is_told_what_it_is(tmp_path: Path) -> None:
    """A plan alone, a list or a number are no decisions, and each is told so."""
    plan = json.loads(NIGHTLY.read_text())["cognitive_plan"]
    for name, content in {"plan": plan, "list": [1, 2], "number": 7}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))

    ended = orq("run", tmp_path, "--json", "--data-dir", tmp_path / "data")

    reasons = {Path(one["source"]).name: one["reason"] for one in ended.objects}
    assert reasons == {
        "list.json": "unknown_envelope",
        "number.json": "unknown_envelope",
        "plan.json": "direct_plan_refused",
    }
