"""`orq topics` where it cannot begin."""

from tests.acceptance.command import orq


def test_without_brokers_there_is_nowhere_to_make_topics() -> None:
    """One line says what to set."""
    ended = orq("topics", "create")

    assert ended.exit_code == 2
    assert ended.err == "orq: there are no brokers; set KAFKA_BOOTSTRAP_SERVERS\n"


def test_a_number_that_no_topic_can_have_is_refused() -> None:
    """Before any broker is asked."""
    ended = orq("topics", "create", "--partitions", "0")

    assert ended.exit_code == 2
    assert "--partitions" in ended.err
