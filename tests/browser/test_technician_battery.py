"""The battery line on the technician's page, over a real history file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import pytest
from playwright.sync_api import expect

from alerting.web.access import Visitor
from broker.clock import REAL
from ingest.history_sqlite import SqliteHistory
from ingest.readings import Reading
from tests.browser import public_scenes
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Tab
from tests.browser.page_server import Served, served
from tests.browser.scenes import HOUR, Scene, health, river

if TYPE_CHECKING:
    from alerting.web.past import Past

BUDI = Visitor(name="Budi", role="technician", csrf="t0ken")
STATE = dict.fromkeys(("hardware", "firmware", "note", "gateway", "uptime_s", "stored", "order", "problem")) | {
    "online": True,
    "battery_mv_a_day": -24.0,
    "battery_days_left": 11.0,
    "reset": "power",
}


def _scene(now: int) -> Scene:
    return Scene(health=health(), entities=[river("Gembong", now), river("Petung", now)])


def _fill(history: SqliteHistory) -> None:
    """A battery of station gembong that falls by a millivolt an hour."""
    now = REAL.now()
    times = [(number, now - (20 * 24 - number) * HOUR) for number in range(20 * 24)]
    history.write(
        [
            Reading(
                *(number + 1, "node-gembong", 1, number, "battery_mv", 0, "gembong", "battery_mv"),
                *(time, time, time, 4150.0 - number, 4150.0 - number, 1, None, 1),
            )
            for number, time in times
        ]
    )
    while history.roll_up(now=now):
        pass


@pytest.fixture
def page() -> Iterator[Served]:
    answers = {"node-state": lambda _: STATE, **public_scenes.public_state()}
    with TemporaryDirectory(prefix="ktb-") as name:
        history = SqliteHistory(Path(name) / "history.db")
        _fill(history)
        past = cast("Past", history)
        with served(Path(name), _scene, open_as=BUDI, answers=answers, history=past) as made:
            yield made
        history.close()


def test_two_weeks_of_a_battery_are_a_line_and_a_forecast(page: Served, open_tab: Callable[..., Tab]) -> None:
    """In volts, by day; what core says of its trend beside it; without history a sentence instead."""
    tab = open_tab(f"{page.url}/teknisi/node-gembong", viewport=PHONE)
    section = tab.page.get_by_role("region", name="Baterai, 14 hari")
    picture = section.get_by_role("img", name="baterai Gembong, 14 hari")
    expect(picture).to_be_visible()
    assert 1 == picture.locator("polyline.water").count()
    expect(picture.get_by_text("4,0", exact=True)).to_be_visible()
    expect(section).to_contain_text("24 mV sehari")
    expect(section).to_contain_text("kira-kira 11 hari sampai 3,5 V")
    expect(tab.page.get_by_text("listrik putus atau turun")).to_be_visible()
    assert [] == violations(tab.page)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.page.goto(f"{page.url}/teknisi/node-petung")
    expect(tab.page.get_by_text("Riwayat baterai belum ada")).to_be_visible()
    assert [] == tab.complaints
