"""What a technician is told of a node: the fault, since when, what to bring, and where to go first."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from alerting.web.technician.faults import Fault, faults_of
from alerting.web.technician.live_node import lines_of
from alerting.web.technician.roll import roll, unserved
from alerting.web.technician.since import SPAN_MS, since_of
from alerting.web.technician.visit_words import VisitLine, visit_line
from alerting.web.technician.visits import Visit
from broker.live import MaintenanceView, SeriesView, StationView
from tests.browser.scenes import HOUR, MINUTE, PastPoint, river, series

NOON = 1_795_000_000_000 // (24 * HOUR) * 24 * HOUR + 5 * HOUR  # 12:00 WIB
NIGHT = NOON + 9 * HOUR
NODE = "node-welang"


def _station(*extra: SeriesView, now: int = NOON, **changes: Any) -> StationView:
    measured = (series("level_m", 1.6, now - MINUTE), *extra)
    own = [msgspec.structs.replace(each, node=NODE) for each in measured]
    return river("Welang", now, **{"series": own, "areas": ["35.75.01.1001"], **changes})


def _kinds(station: StationView, now: int = NOON) -> list[str]:
    return [fault.kind for fault in faults_of(station, NODE, now)]


@pytest.mark.parametrize(
    ("quantity", "value", "expected"),
    [
        ("batt_mv", 3499.0, ["battery"]),
        ("batt_mv", 3500.0, []),
        ("lid_open", 1.0, ["lid"]),
        ("lid_open", 0.0, []),
        ("tilted", 1.0, ["tilted"]),
        ("tilted", None, []),
    ],
)
def test_a_node_tells_what_is_wrong_with_it(quantity: str, value: float | None, expected: list[str]) -> None:
    """Half a volt above dark is low; a contact counts while it is away from its rest; unknown is no fault of it."""
    assert expected == _kinds(_station(series(quantity, value, NOON - MINUTE)))


@pytest.mark.parametrize(
    ("now", "solar", "expected"), [(NOON, 900.0, ["charging"]), (NOON, 5100.0, []), (NIGHT, 0.0, [])]
)
def test_a_panel_charges_by_day_only(now: int, solar: float, expected: list[str]) -> None:
    """Below its battery's voltage at noon it does not charge; at night nobody expects it to."""
    power = (series("batt_mv", 3900.0, now - MINUTE), series("solar_mv", solar, now - MINUTE))
    assert expected == _kinds(_station(*power, now=now), now)


def test_a_silent_node_is_silent_and_nothing_else() -> None:
    """What it last said is old; since when is when anything last came, and without that it never spoke."""
    old = _station(series("lid_open", 1.0, NOON - HOUR), silent=True)
    (fault,) = faults_of(old, NODE, NOON)
    assert ("silent", NOON - MINUTE + 400) == (fault.kind, fault.since)
    (never,) = faults_of(river("Welang", NOON, series=[], last_seen=None), NODE, NOON)
    assert ("belum pernah mengirim data", None) == (never.text, never.since)


def test_the_worst_comes_first() -> None:
    """A lost sensor before a lid, a lid before a clock, and doubt last."""
    lost = series("level_m.2", None, NOON - MINUTE, 9, "missing: no_return")
    doubt = series("rain_mm", 9.0, NOON - MINUTE, 3)
    open_lid = series("lid_open", 1.0, NOON - MINUTE)
    found = _kinds(_station(doubt, open_lid, lost, behind_ms={NODE: 2 * HOUR}))
    assert ["sensor", "lid", "clock", "doubtful"] == found


def test_each_node_has_its_own_faults() -> None:
    """Two nodes of a station: what one measures is no fault of the other."""
    other = msgspec.structs.replace(series("batt_mv", 3100.0, NOON - MINUTE), node="node-2")
    own = msgspec.structs.replace(series("level_m", 1.6, NOON - MINUTE), node=NODE)
    station = river("Welang", NOON, series=[own, other], nodes=[NODE, "node-2"])
    assert ([], ["battery"]) == (
        [fault.kind for fault in faults_of(station, NODE, NOON)],
        [fault.kind for fault in faults_of(station, "node-2", NOON)],
    )


def test_blind_stations_come_first_and_of_those_what_most_depends_on() -> None:
    """A silent gauge of two kelurahan, one of one, a weak battery, and last what somebody works on already."""
    work = MaintenanceView(since=NOON - HOUR, until=NOON + HOUR, by="Budi", reason="ganti baterai")
    one = river("Satu", NOON, silent=True, areas=["35.75.01.1001"])
    two = river("Dua", NOON, silent=True, areas=["35.75.01.1001", "35.75.01.1002"])
    worked_on = river("Tiga", NOON, silent=True, areas=["35.75.01.1001"] * 3, maintenance=work)
    weak = _station(series("batt_mv", 3100.0, NOON - MINUTE))
    well = river("Lima", NOON)
    bare = river("Enam", NOON, nodes=[])
    ill, healthy = roll([one, well, worked_on, weak, two, bare], NOON)
    assert ["Dua", "Satu", "Welang Kraton", "Tiga"] == [row.station.name for row in ill]
    assert [True, True, False, True] == [row.is_blind for row in ill]
    assert (["Lima"], ["Enam"]) == (
        [row.station.name for row in healthy],
        [station.name for station in unserved([bare, well])],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Readings of a battery that fell below its limit two hours ago, after a short dip the day before."""

    asked: list[tuple[Any, ...]]

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[PastPoint]:
        self.asked.append((station, quantity, start, end))
        values = [(24, 3400.0), (23, 3600.0), (3, 3550.0), (2, 3490.0), (1, 3480.0), (0, 3470.0)]
        return [
            PastPoint(time=NOON - hours * HOUR, value=mv, raw=mv, flag=1, reason=None, received_at=NOON)
            for hours, mv in values
        ]

    def aggregates(self, *_: Any) -> list[Any]:
        raise AssertionError("raw readings are asked for")

    def series(self) -> list[tuple[str, str]]:
        return []


def test_history_tells_since_when() -> None:
    """The run that goes on, not an earlier one; what is known already is not asked."""
    past = _Past(asked=[])
    weak = Fault(kind="battery", text="", bring="", quantity="batt_mv")
    assert NOON - 2 * HOUR == since_of(past, "welang", weak, NOON)
    assert [("welang", "batt_mv", NOON - SPAN_MS, NOON + 1)] == past.asked
    known = Fault(kind="silent", text="", bring="", since=NOON - HOUR)
    assert (NOON - HOUR, 1) == (since_of(past, "welang", known, NOON), len(past.asked))


def test_a_reading_before_the_node_is_read_as_it_is() -> None:
    """Contacts in words, the raw distance beside the level, doubt in words."""
    level = msgspec.structs.replace(series("level_m", 1.62, NOON, 3), raw=4880.0)
    lines = lines_of(_station(series("lid_open", 1.0, NOON), series("batt_mv", 3910.0, NOON), now=NOON), NODE)
    assert [("muka air", "1,60", "m"), ("tutup kotak", "terbuka", ""), ("baterai", "3,91", "V")] == [
        (line.name, line.shown, line.unit) for line in lines
    ]
    (line,) = lines_of(river("Welang", NOON, series=[level]), NODE)
    assert ("1,62", "4880", "belum terverifikasi") == (line.shown, line.raw, line.quality)


@pytest.mark.parametrize(
    ("visit", "expected"),
    [
        (
            ("web:Budi", "maintenance begun", '{"by":"Budi","reason":"ganti baterai"}'),
            ("Budi", "pemeliharaan dimulai: ganti baterai"),
        ),
        (("web:Sari", "node order", '{"do":"siren-test","n":7}'), ("Sari", "perintah siren-test")),
        (("cli:root", "node changed", "not JSON"), ("root", "data node diubah")),
        (("cli:root", "something new", "{}"), ("root", "something new")),
    ],
)
def test_visits_are_told_in_words(visit: tuple[str, str, str], expected: tuple[str, str]) -> None:
    """Who and what; an action without words of ours is shown as it was audited."""
    actor, action, detail = visit
    who, what = expected
    assert VisitLine(at=NOON, who=who, what=what) == visit_line(
        Visit(at=NOON, actor=actor, action=action, detail=detail)
    )
