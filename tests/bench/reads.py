"""What history costs whoever asks it: a chart's month, a year of hours, an export, in SQLite and in InfluxDB 1.8."""

import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.history import History, SeriesExtent
from ingest.history_export import export
from ingest.history_influx import InfluxHistory
from ingest.history_sqlite import SqliteHistory
from ingest.readings import Reading
from tests.bench.run import spread
from tests.bench.table import Row, load_average
from tests.influxd import Influxd

START = 1_735_664_400_000  # 2025-01-01 00:00 WIB
MINUTE, DAY = 60_000, 86_400_000
DAYS = 365
END = START + DAYS * DAY
TIMES = 7
WELANG = ("welang", "level_m")


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="ktr-") as folder:
        yield from _of("SQLite", SqliteHistory(Path(folder) / "history.db"), month_goal="100 ms")
        server = Influxd.prepare(Path(folder) / "influx")
        try:
            server.start()
            yield from _of(
                "InfluxDB", InfluxHistory(server.database("bench"), Path(folder) / "cursor.db"), month_goal="300 ms"
            )
        except pytest.fail.Exception as error:
            yield Row(section="reads InfluxDB", what="not measured", figure="-", note=str(error))
        finally:
            server.kill()


def _of(name: str, history: History, *, month_goal: str) -> Iterator[Row]:
    """A year of one station, a reading a minute."""
    section = f"reads {name}"
    began = time.perf_counter()
    for first in range(0, DAYS * 1440, 5000):
        history.write([_reading(number) for number in range(first, min(first + 5000, DAYS * 1440))])
    yield _rate(section, "readings written", DAYS * 1440, began)
    yield _rolled(section, history)
    asked: list[tuple[str, str, Callable[[], Any]]] = [
        ("30 days at 1 min", month_goal, lambda: history.range(*WELANG, END - 30 * DAY, END, 50_000)),
        ("a page of 5000", "", lambda: history.range(*WELANG, END - 30 * DAY, END, 5000)),
        ("a year of hours", "100 ms", lambda: history.aggregates(*WELANG, START, END, "hour", 10_000)),
        ("a year of days", "100 ms", lambda: history.aggregates(*WELANG, START, END, "day", 10_000)),
        ("a day of minutes", "", lambda: history.aggregates(*WELANG, END - DAY, END, "minute", 2000)),
    ]
    for what, goal, ask in asked:
        yield _asked(section, what, goal, ask)
    yield _exported(section, history)
    history.close()


def _reading(number: int) -> Reading:
    at = START + number * MINUTE
    flag, reason = (3, "rate of change: 2.1 m/h is over 2") if number % 50 == 0 else (1, None)
    value = number % 600 / 100
    return Reading(
        number,
        "wl-01",
        7,
        number,
        "distance_mm",
        0,
        *WELANG,
        at,
        at,
        at + 40,
        6500 - value * 1000,
        value,
        flag,
        reason,
        1,
    )


def _rolled(section: str, history: History) -> Row:
    began, count, slices = time.perf_counter(), 0, []
    while True:
        slice_began = time.perf_counter()
        if not (done := history.roll_up(now=END + DAY)):
            break
        count += done
        slices.append((time.perf_counter() - slice_began) * 1e3)
    figure = f"{count} in {time.perf_counter() - began:.1f} s"
    return Row(section=section, what="hours and days rolled up", figure=figure, note="a slice:", plot=spread(slices))


def _asked(section: str, what: str, goal: str, ask: Callable[[], Any]) -> Row:
    times, size = [], 0
    for _ in range(TIMES):
        began = time.perf_counter()
        size = len(ask())
        times.append((time.perf_counter() - began) * 1e3)
    found = spread(times)
    return Row(
        section=section,
        what=what,
        figure=f"{found.p50:.0f} ms",
        goal=goal,
        note=f"{size}; best {min(times):.0f}, worst {found.max:.0f}; load {load_average()}",
        plot=found,
    )


def _exported(section: str, history: History) -> Row:
    class Nowhere(io.StringIO):
        def write(self, text: str, /) -> int:
            return len(text)

    began = time.perf_counter()
    count = export(history, Nowhere(), [SeriesExtent(*WELANG, START, END)], START, END, progress=lambda _: None)
    return _rate(section, "readings exported", count, began)


def _rate(section: str, what: str, count: int, began: float) -> Row:
    figure = f"{count / (time.perf_counter() - began):.0f}/s"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(section=section, what=what, figure=figure, note=f"{count}; this process has used {peak:.0f} MiB at most")
