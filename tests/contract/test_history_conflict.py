"""Something else writes our measurement with other types: what waits, what is named, and that nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ingest.history import Cursor, HistoryUnavailable
from ingest.history_influx import InfluxHistory, InfluxTarget
from tests.influxd import Influxd
from tests.journal_file import START, as_points, points, reading, series

WEEK = 7 * 86_400_000  # what a shard holds
FOREIGN = "reading,quantity=level_m,station=other value=1i,flag=1i"


@pytest.fixture
def target(influxd: Influxd) -> InfluxTarget:
    return influxd.database(f"test-{uuid4().hex}")


@pytest.fixture
def history(target: InfluxTarget, tmp_path: Path) -> Iterator[InfluxHistory]:
    opened = InfluxHistory(target, tmp_path / "cursor.db")
    yield opened
    opened.close()


def test_a_foreign_integer_first_makes_readings_of_now_wait(
    influxd: Influxd, target: InfluxTarget, history: InfluxHistory, tmp_path: Path
) -> None:
    """An outage with its remedy, the cursor stands, no dead letters; with the foreign points gone all is taken."""
    influxd.write(target.bucket.partition("/")[0], f"{FOREIGN} {START}")
    rows = series(1, 500)
    with pytest.raises(HistoryUnavailable, match=r"something else writes .* a bucket of its own in history\.bucket"):
        history.write(rows, cursor=Cursor(id=500, mark="last"))
    assert history.cursor() == Cursor()
    assert history.file.refusals() == []
    other = InfluxHistory(influxd.database(f"test-{uuid4().hex}"), tmp_path / "cursor.db")
    assert other.write(rows, cursor=Cursor(id=500, mark="last")).accepted == 500
    assert points(other) == as_points(rows)
    other.close()


def test_late_readings_in_a_spoilt_week_are_named_and_hold_nobody_up(
    influxd: Influxd, target: InfluxTarget, history: InfluxHistory
) -> None:
    """Of a backlog over two weeks the spoilt one becomes dead letters, in few requests."""
    influxd.write(target.bucket.partition("/")[0], f"{FOREIGN} {START - 5 * WEEK}")
    late = [reading(number, time=START - 5 * WEEK + number * 1000) for number in range(1, 1001)]
    good = series(2001, 3000)
    mixed = [row for pair in zip(late, good, strict=True) for row in pair]
    result = history.write(mixed, cursor=Cursor(id=3000, mark="last"))
    assert {refusal.reading.id for refusal in result.refused} == {row.id for row in late}
    assert points(history) == as_points(good)
    assert history.cursor().id == 3000


def test_whole_numbers_are_floats_too(influxd: Influxd, target: InfluxTarget, history: InfluxHistory) -> None:
    """Whatever comes first, every number is stored with the one type."""
    history.write([reading(1, value=1.0, raw=None), reading(2, value=2.5, raw=3.0)])
    while history.roll_up(now=START + 10 * WEEK):
        pass
    database = target.bucket.partition("/")[0]
    for measurement in ("reading", "reading_hour", "reading_day"):
        kinds = influxd.query(f'SHOW FIELD KEYS ON "{database}" FROM "{measurement}"').decode()
        assert '"float"' in kinds
        assert "integer" not in kinds
