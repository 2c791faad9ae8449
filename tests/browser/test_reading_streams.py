"""The page's own reader of events, and the model that they change, in the browser itself."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.service import Service, a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]

# Cut between any two characters, with both ends of line, comments, and data over several lines.
STREAM = (
    ": alive\n\n"
    'id: 4\nevent: change\ndata: {"a":\ndata: 1}\n\n'
    "id: 5\r\nevent: change\r\ndata:{}\r\n\r\n"
    "retry: 10\n\n"
    "data: ção → 完\n\n"
)
READ = """async ([stream, size]) => {
  const { parser } = await import('/page/js/core/event_stream.js');
  const heard = [];
  const parse = parser((event) => heard.push(event));
  for (let at = 0; at < stream.length; at += size) parse(stream.slice(at, at + size));
  return heard;
}"""
MODEL = """async () => {
  const { PlanModel } = await import('/page/js/model/plan_model.js');
  const model = new PlanModel('plan');
  const fields = ['number', 'stage', 'undoes'];
  const workflow = { phase: 'RUNNING' };
  const tickets = [[0, 'READY', null], [1, 'WAITING', null]];
  model.takeSnapshot({ seq: 1, workflow, fields, tickets });
  const entry = (seq) => ({ seq, kind: 'ticket_succeeded', tasks: [] });
  const change = (seq, entries, tickets) => model.takeChange({ seq, workflow, entries, tickets });
  change(3, [entry(2), entry(3)], [[0, 'COMPLETED', null]]);
  change(3, [entry(2), entry(3)], [[0, 'COMPLETED', null]]);
  change(5, [entry(3), entry(5)], [[1, 'RUNNING', null], [2, 'READY', 0]]);
  model.takeSnapshot({ seq: 9, workflow, fields, tickets: [...tickets, [2, 'READY', 0]] });
  change(7, [entry(6), entry(7)], [[0, 'FAILED', null]]);
  model.takeOlder([entry(1), entry(2)], 1);
  return {
    entries: model.entries.map((one) => one.seq),
    counts: ['READY', 'WAITING', 'RUNNING', 'COMPLETED'].map((stage) => model.count(stage)),
    rows: model.rows.length,
  };
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that serves the page's modules."""
    with a_service(tmp_path_factory.mktemp("service") / "data") as found:
        yield found


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_events_are_read_whole_however_they_are_cut(
    service: Service, open_page: Open, size: int
) -> None:
    """The network cuts where it likes."""
    page = open_page().page
    page.goto(service.page())

    heard = page.evaluate(READ, [STREAM, size])

    assert heard == [
        {"event": "change", "data": '{"a":\n1}', "id": "4"},
        {"event": "change", "data": "{}", "id": "5"},
        {"event": "message", "data": "ção → 完", "id": "5"},
    ]


def test_what_comes_twice_counts_once(service: Service, open_page: Open) -> None:
    """Whatever is repeated or late; nothing is lost, and what undoes a task is no further task."""
    page = open_page().page
    page.goto(service.page())

    model = page.evaluate(MODEL)

    assert model == {"entries": [1, 2, 3, 5, 6, 7], "counts": [1, 1, 0, 0], "rows": 3}


def test_no_stream_is_open_where_nothing_changes(service: Service, open_page: Open) -> None:
    """A page that is left open in a tab costs nothing."""
    page = open_page().page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(service.page("/submit"))

    page.get_by_text("Idle").wait_for()

    assert [one for one in asked if one.endswith("/events")] == []
