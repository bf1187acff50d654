"""What every history keeps and answers."""

import math
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.quality_flags import Flag
from ingest.history import Cursor
from tests.journal_file import START, as_points, point, points, reading, series

REASONS = (
    "gross range: 6.4 m is over 5 m",
    'he said "flood", twice, and \\"escaped\\"',
    "C:\\new\\table\\",
    "line one\nline two\r\nthird\ttab",
    "air naik ≥ 2 m — Sungai Welang 🌊",
    "reason=1,value=2 3",
    "'; DROP TABLE points; --",
    "\\",
    '"',
    " ",
)


def test_a_reading_is_read_back_whole(sink: Any, station: str) -> None:
    """Value, raw, flag, reason, node, revision, reception and epoch are what was written."""
    row = reading(
        1, station=station, flag=Flag.SUSPECT, reason="rate of change: 2.1 m/h is over 2", revision=3, epoch=4
    )
    sink.history.write([row])
    assert points(sink.history, station) == [point(row)]


def test_a_missing_value_is_kept_as_missing(sink: Any, station: str) -> None:
    """A series that failed leaves a point with a flag and neither value nor raw."""
    row = reading(1, station=station, value=None, raw=None, flag=Flag.MISSING, reason="no_return")
    sink.history.write([row])
    assert points(sink.history, station) == [point(row)]


def test_the_same_readings_written_twice_leave_the_same(sink: Any, station: str) -> None:
    """A safety window that is sent again changes nothing."""
    rows = series(1, 50, station=station)
    sink.history.write(rows)
    sink.history.write(rows)
    assert points(sink.history, station) == as_points(rows)


@pytest.mark.parametrize(
    "change",
    [
        {"flag": 3, "reason": "spike"},
        {"value": 2.5},
        {"value": None, "flag": 4, "reason": "blocked"},
        {"value": None, "raw": None, "flag": 9},
    ],
)
def test_a_later_revision_replaces_the_point_as_a_whole(sink: Any, station: str, change: dict[str, Any]) -> None:
    """Nothing of the earlier revision shines through, not even where the later one is null."""
    before = reading(1, station=station, reason="provisional", flag=2)
    after = reading(1, station=station, id=2, revision=2, **change)
    sink.history.write([before])
    sink.history.write([after])
    assert points(sink.history, station) == [point(after)]


def test_of_two_revisions_in_one_write_the_later_wins(sink: Any, station: str) -> None:
    """The journal's order decides, and both count as accepted."""
    before = reading(1, station=station)
    after = reading(1, station=station, id=2, revision=2, value=None, flag=4)
    result = sink.history.write([before, after])
    assert points(sink.history, station) == [point(after)]
    assert result.accepted == 2


def test_a_range_has_its_start_and_not_its_end(sink: Any, station: str) -> None:
    """Oldest first, at most as many as asked for, and one can page on."""
    rows = series(1, 20, station=station)
    sink.history.write(list(reversed(rows)))
    start, end = rows[4].time, rows[14].time
    assert sink.history.range(station, "level_m", start, end, 100) == as_points(rows[4:14])
    page = sink.history.range(station, "level_m", start, end, 3)
    assert page == as_points(rows[4:7])
    assert sink.history.range(station, "level_m", page[-1].time + 1, end, 3) == as_points(rows[7:10])


def test_series_do_not_mix(sink: Any, station: str) -> None:
    """Station and quantity are the key, and the time within them."""
    mine = reading(1, station=station)
    others = [reading(1, station=f"{station}2"), reading(1, station=station, quantity="rain_mm")]
    sink.history.write([mine, *others])
    assert points(sink.history, station) == [point(mine)]
    assert points(sink.history, station, "rain_mm") == [point(others[1])]


def test_the_latest_is_the_greatest_time_and_not_the_last_written(sink: Any, station: str) -> None:
    """A backlog that arrives late is not the latest."""
    rows = series(1, 5, station=station)
    sink.history.write(rows[2:])
    sink.history.write(rows[:2])
    assert sink.history.latest(station, "level_m") == point(rows[-1])


def test_an_unknown_series_has_no_points(sink: Any, station: str) -> None:
    """Asking for what was never written is not an error."""
    assert sink.history.latest(station, "level_m") is None
    assert sink.history.range(station, "level_m", 0, START, 10) == []
    assert sink.history.range("' OR 1=1 --", '"level_m"', 0, START, 10) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"value": math.nan}, "value"),
        ({"value": math.inf}, "value"),
        ({"raw": -math.inf}, "raw"),
        ({"quantity": "level m,x=1"}, "quantity"),
        ({"quantity": "level_m\nreading v=1"}, "quantity"),
        ({"node": 'wl"1'}, "node"),
        ({"time": 2**62}, "time"),
        ({"received_at": -(2**62)}, "received_at"),
        ({"reason": "half a character \ud83c"}, "reason"),
        ({"reason": "nul \0 byte"}, "reason"),
    ],
)
def test_what_no_sink_may_take_is_named_and_stops_nobody(
    sink: Any, station: str, change: dict[str, Any], word: str
) -> None:
    """A bad reading among good ones is refused with its reason and kept as a dead letter; the good ones arrive."""
    good = series(1, 4, station=station)
    bad = reading(5, **({"station": station} | change))
    result = sink.history.write([*good[:2], bad, *good[2:]], cursor=Cursor(id=5, mark="five"))
    assert (result.accepted, [refusal.reading for refusal in result.refused]) == (4, [bad])
    assert word in result.refused[0].reason
    assert points(sink.history, station) == as_points(good)
    assert sink.history.cursor() == Cursor(id=5, mark="five")
    assert [kept[0] for kept in sink.history.file.refusals()] == [5]


def test_a_reading_refused_again_is_one_dead_letter(sink: Any, station: str) -> None:
    """A safety window with a bad reading in it does not fill the table."""
    bad = reading(5, station=station, value=math.nan)
    sink.history.write([bad])
    sink.history.write([bad])
    assert len(sink.history.file.refusals()) == 1


def test_any_reason_reads_back_as_it_was(sink: Any, station: str) -> None:
    """Quotes, commas, backslashes, line ends and other scripts are text and nothing else."""
    rows = [reading(number, station=station, reason=text, flag=3) for number, text in enumerate(REASONS, 1)]
    assert sink.history.write(rows).accepted == len(rows)
    assert [found.reason for found in points(sink.history, station)] == list(REASONS)


def test_an_empty_reason_reads_as_none(sink: Any, station: str) -> None:
    """There is one way to say that there is nothing to say."""
    sink.history.write([reading(1, station=station, reason="")])
    assert [found.reason for found in points(sink.history, station)] == [None]


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.tuples(NUMBERS, NUMBERS, TEXTS), min_size=1, max_size=40))
def test_any_number_and_any_text_come_back_exactly(
    sink: Any, station: str, contents: list[tuple[float | None, float | None, str | None]]
) -> None:
    """Whatever finite floats and whatever text: to the last bit, over and over in the same points."""
    rows = [
        reading(number, station=station, value=value, raw=raw, reason=reason)
        for number, (value, raw, reason) in enumerate(contents, 1)
    ]
    assert sink.history.write(rows).refused == ()
    assert points(sink.history, station)[: len(rows)] == as_points(rows)


def test_more_than_a_batch_arrives_whole(sink: Any, station: str) -> None:
    """Writes of any size are one write to the caller."""
    rows = series(1, 12_001, station=station)
    assert sink.history.write(rows).accepted == len(rows)
    assert points(sink.history, station) == as_points(rows)


def test_a_new_sink_has_the_first_cursor(sink: Any) -> None:
    """Nothing was copied yet."""
    assert sink.history.cursor() == Cursor()


def test_the_cursor_outlives_the_process(sink: Any, station: str) -> None:
    """It is stored with the write, stays through one without a cursor, and can go back."""
    sink.history.write([reading(9, station=station)], cursor=Cursor(id=9, mark="nine"))
    sink.history.write([reading(10, station=station)])
    assert sink.reopen().cursor() == Cursor(id=9, mark="nine")
    sink.history.write([], cursor=Cursor(id=3, mark="three"))
    assert sink.reopen().cursor() == Cursor(id=3, mark="three")


def test_another_opens_it_for_reading(sink: Any, station: str) -> None:
    """The web process sees what the history process wrote."""
    rows = series(1, 10, station=station)
    sink.history.write(rows)
    reader = sink.open_reader()
    assert points(reader, station) == as_points(rows)
    assert reader.latest(station, "level_m") == point(rows[-1])
    reader.close()


def test_many_threads_read_while_one_writes(sink: Any, station: str) -> None:
    """A reader sees whole points, never a half-written one, and never fails."""
    rows = series(1, 2000, station=station)
    expected = {row.time: point(row) for row in rows}
    failures: list[object] = []

    def read() -> None:
        try:
            for _ in range(10):
                failures.extend(found for found in points(sink.history, station) if expected[found.time] != found)
        except Exception as error:  # noqa: BLE001  (a thread's failure is the test's)
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, len(rows), 200):
        sink.history.write(rows[start : start + 200])
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert points(sink.history, station) == as_points(rows)
