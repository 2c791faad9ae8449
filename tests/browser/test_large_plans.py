"""Ten thousand tickets: how soon there is something to see, and how smooth it stays.

What was measured is said; what is asserted leaves room for a busy machine.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.decisions import a_decision, layers
from tests.browser.service import Service, a_service
from tests.browser.watched import Watched

Open = Callable[..., Watched]
Picture = Callable[[Page, str], Path]
Measured = Callable[[str], None]

TASKS = 10_000
# A hundred out at once, each half a second: two hundred end each second, and as many begin.
WIDTH, TASK_MS = 500, 30_000

USEFUL_MS, GRAPH_MS, FRAME_P95_MS = 2_000, 5_000, 50
MEASURED_MS = 4_000

# From frame to frame by the clock of the page, so that a blocked page is seen as a long frame.
FRAMES = """(length) => new Promise((done) => {
  const took = [];
  const end = performance.now() + length;
  let last = performance.now();
  const next = () => {
    const now = performance.now();
    took.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(next);
    else {
      took.sort((a, b) => a - b);
      const at = (share) => Math.round(took[Math.floor(share * (took.length - 1))] * 10) / 10;
      done({ frames: took.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) });
    }
  };
  requestAnimationFrame(next);
})"""
MARKS = """() => Object.fromEntries(
  performance.getEntriesByType('mark').map((mark) => [mark.name, Math.round(mark.startTime)]))"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A service that works on ten thousand tasks, and the workflow."""
    with a_service(tmp_path_factory.mktemp("large") / "data") as service:
        yield service, service.submit(a_decision("large", layers(TASKS, WIDTH, TASK_MS)))


def frames_of(page: Page) -> dict[str, Any]:
    """Return how long frames took, in milliseconds."""
    took: dict[str, Any] = page.evaluate(FRAMES, MEASURED_MS)
    return took


def test_ten_thousand_tickets_are_soon_seen_and_smooth_while_they_run(
    running: tuple[Service, str], open_page: Open, picture: Picture, measured: Measured
) -> None:
    """The summary first, then the picture, then news many times a second."""
    service, plan = running
    page = open_page(viewport={"width": 1440, "height": 900}).page
    page.goto(service.page(f"/plans/{plan}"))
    expect(page.locator("canvas[data-ready=true]")).to_be_visible()
    marks = page.evaluate(MARKS)
    before, began = service.ask("GET", f"/workflows/{plan}").json(), time.monotonic()

    frames = {"Graph": frames_of(page)}
    picture(page, "large-graph")
    for tab in ("Timeline", "Tickets", "Journal"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel")).to_be_visible()
        frames[tab] = frames_of(page)
        picture(page, f"large-{tab.lower()}")

    after, took_s = service.ask("GET", f"/workflows/{plan}").json(), time.monotonic() - began
    facts = after["seq"] - before["seq"]
    measured(f"marks {marks}; {facts} facts in {took_s:.0f} s; frames {frames}")
    assert marks["page:useful"] <= USEFUL_MS
    assert marks["page:graph"] <= GRAPH_MS
    assert after["outcome"] is None, "it ran all the while"
    assert facts > 0
    assert max(took["p95"] for took in frames.values()) <= FRAME_P95_MS


def test_zooming_in_opens_the_groups_until_tasks_can_be_read(
    running: tuple[Service, str], open_page: Open, picture: Picture, measured: Measured
) -> None:
    """From afar groups, from near tasks with their names, and in between no stutter."""
    service, plan = running
    page = open_page(viewport={"width": 1440, "height": 900}).page
    page.goto(service.page(f"/plans/{plan}"))
    canvas = page.locator("canvas[data-ready=true]")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)

    for _ in range(6):
        page.mouse.wheel(0, -300)
    took = frames_of(page)
    measured(f"frames near {took}")
    picture(page, "large-near")
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)

    assert took["p95"] <= FRAME_P95_MS


def test_only_rows_in_sight_exist(running: tuple[Service, str], open_page: Open) -> None:
    """And the table still says how many there are, and finds one of them."""
    service, plan = running
    page = open_page(viewport={"width": 1440, "height": 900}).page
    page.goto(service.page(f"/plans/{plan}/tickets"))
    grid = page.get_by_role("grid", name="Tickets")
    expect(grid).to_have_attribute("aria-rowcount", str(TASKS + 1))

    assert page.locator(".grid-body [role=row]").count() < 100
    page.get_by_role("searchbox").fill("task-09999")
    expect(grid).to_have_attribute("aria-rowcount", "2")
    expect(page.get_by_role("row", name="task-09999")).to_be_visible()
