"""A year of one station, from the rollups of a real history file."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from alerting.web.station.reading import read_curve, read_rain
from alerting.web.station.span import span_of
from ingest.history_sqlite import SqliteHistory
from ingest.readings import Reading

if TYPE_CHECKING:
    from alerting.web.past import Past

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 1_764_003_600_000  # 25 Nov 2025, 00:00:00 WIB


def reading(number: int, quantity: str, value: float) -> Reading:
    time = NOW - 366 * DAY + number * HOUR
    return Reading(
        *(number + 1, "node-a", 1, number, quantity, 0, "welang", quantity, time, time, time, value, value, 1, None, 1)
    )


def test_a_year_is_its_days(tmp_path: Path) -> None:
    """One point a day with the lowest and the highest of its hours; a lost week is one hole; rain is what fell."""
    history = SqliteHistory(tmp_path / "history.db")
    week = range(100 * 24, 107 * 24)
    hours = [number for number in range(366 * 24) if number not in week]
    history.write([reading(number, "level_m", 1.0 + number % 24 / 10) for number in hours])
    history.write([reading(number, "rain_mm", 0.5) for number in hours])
    while history.roll_up(now=NOW):
        pass
    past = cast("Past", history)  # the pages' port, but for the extents of its series
    span = span_of({"rentang": "1-tahun"}, now=NOW)
    curve = read_curve(past, "welang", "level_m", span).curve
    assert (DAY, 359) == (curve.step_ms, sum(value is not None for value in curve.values))
    assert (1.0, 3.3) == (curve.lows[0], curve.highs[0])
    assert [(span.start + 100 * DAY, span.start + 107 * DAY)] == curve.gaps
    bars = read_rain(past, [("welang", "Welang")], span)
    assert bars is not None
    assert ({12.0}, 359) == (set(bars.mm), len(bars.mm))
    history.close()
