"""The battery of a node over two weeks, as the technician's page draws it from a real history file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from alerting.web.technician.battery import SPAN_MS, BatteryLine, battery_line
from broker.live import SeriesView
from ingest.history_sqlite import SqliteHistory
from ingest.readings import Reading
from tests.browser.scenes import HOUR, river, series

if TYPE_CHECKING:
    from alerting.web.past import Past

NOW = 1_795_000_000_000
BATTERY: SeriesView = series("batt_mv", 3700.0, NOW)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqliteHistory]:
    made = SqliteHistory(tmp_path / "history.db")
    yield made
    made.close()


def fill(history: SqliteHistory, values: dict[int, float]) -> None:
    """A battery by hours before now."""
    rows = [
        Reading(
            *(number + 1, "node-a", 1, number, "batt_mv", 0, "welang", "batt_mv"),
            *(NOW - hours * HOUR, NOW, NOW, mv, mv, 1, None, 1),
        )
        for number, (hours, mv) in enumerate(sorted(values.items(), reverse=True))
    ]
    history.write(rows)
    while history.roll_up(now=NOW):
        pass


def line_of(history: SqliteHistory) -> BatteryLine | None:
    return battery_line(cast("Past", history), river("Welang", NOW), BATTERY, NOW)


def test_two_weeks_are_drawn_in_volts_and_a_lost_day_is_a_hole(history: SqliteHistory) -> None:
    """Hour by hour, between the ends of a cell; what is older than two weeks is left out."""
    fill(history, {hours: 4000.0 - (400 - hours) for hours in range(400) if not 48 <= hours < 72})
    line = line_of(history)
    assert line is not None
    picture = line.picture
    assert ("baterai", "V", NOW - SPAN_MS, 3.3, 4.2) == (
        picture.name, picture.unit, picture.start, picture.low, picture.high,
    )  # fmt: skip
    known = [value for value in picture.curve.values if value is not None]
    assert pytest.approx(14 * 24 - 24, abs=1) == len(known)
    assert pytest.approx(3.6 + 0.336, abs=0.003) == known[0]
    assert 2 == len(line.drawing.lines)
    assert pytest.approx(24 * HOUR, abs=2 * HOUR) == max(end - start for start, end in picture.curve.gaps)


def test_a_battery_beyond_the_usual_ends_is_seen_whole(history: SqliteHistory) -> None:
    """A cell that goes dark leaves the usual frame: the frame follows."""
    fill(history, dict.fromkeys(range(24), 2900.0))
    line = line_of(history)
    assert line is not None
    assert pytest.approx(2.8) == line.picture.low


def test_without_history_there_is_no_line(history: SqliteHistory) -> None:
    """Nothing is drawn of nothing."""
    assert line_of(history) is None
