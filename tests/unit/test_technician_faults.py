"""What a technician is told of a node: the fault, since when, what to bring, and where to go first."""

from typing import Any, get_args

import msgspec
import pytest

from alerting.web.technician.faults import ORDER, faults_of
from alerting.web.technician.live_node import lines_of
from alerting.web.technician.roll import roll, unserved
from alerting.web.technician.visit_words import VisitLine, visit_line
from alerting.web.technician.visits import Visit
from broker.live import MaintenanceView, NodeAlarm, SeriesView, StationView
from deploy.nodes.alarms import Kind
from tests.browser.scenes import HOUR, MINUTE, river, series

NOON = 1_795_000_000_000 // (24 * HOUR) * 24 * HOUR + 5 * HOUR  # 12:00 WIB
NODE = "node-welang"


def _station(*extra: SeriesView, now: int = NOON, **changes: Any) -> StationView:
    measured = (series("level_m", 1.6, now - MINUTE), *extra)
    own = [msgspec.structs.replace(each, node=NODE) for each in measured]
    return river("Welang", now, **{"series": own, "areas": ["35.75.01.1001"], **changes})


def _kinds(station: StationView, now: int = NOON) -> list[str]:
    return [fault.kind for fault in faults_of(station, NODE, now)]


ALARMS: dict[str, tuple[float | None, str, str]] = {
    "theft": (None, "gone,lid_open", "mungkin dicuri (hilang dari jaringan, tutup terbuka)"),
    "sensor": (None, "level_m.2", "sensor muka air 2 tidak memberi nilai"),
    "tilted": (None, "", "tiang atau kotak miring"),
    "battery": (3410.0, "", "baterai lemah, 3,41 V"),
    "draining": (6.4, "", "baterai terus turun, kira-kira 6 hari lagi habis"),
    "lid": (None, "", "tutup kotak terbuka"),
    "charging": (3.0, "", "panel tidak mengisi selama 3 hari"),
    "reboots": (5.0, "watchdog", "mulai ulang 5 kali dalam 6 jam (program macet)"),
    "gaps": (0.12, "", "12 % bacaan sehari hilang"),
    "temperature": (83.0, "", "kotak terlalu panas, keping 83 °C"),
    "memory": (6000.0, "", "memori tersisa 6 kB"),
    "storage": (40_000.0, "", "flash hampir penuh, sisa 39 kB"),
    "signal": (-86.3, "", "sinyal lemah, -86 dBm"),
    "clock": (2.0 * HOUR, "", "jam node terlambat 2 jam"),
    "doubtful": (None, "rain_mm", "bacaan hujan meragukan"),
}


def _alarm(kind: str, since: int = NOON - HOUR) -> NodeAlarm:
    value, note, _ = ALARMS[kind]
    return NodeAlarm(kind=kind, since=since, value=value, note=note)


@pytest.mark.parametrize("kind", ALARMS)
def test_each_alarm_says_what_it_means_since_when_and_what_to_bring(kind: str) -> None:
    """In plain Indonesian; every kind of core has its words, and its place in the order."""
    (fault,) = faults_of(_station(health={NODE: [_alarm(kind)]}), NODE, NOON)
    assert (kind, NOON - HOUR) == (fault.kind, fault.since)
    assert fault.text.startswith(ALARMS[kind][2])
    assert len(fault.bring) > 20


def test_core_and_pages_know_the_same_alarms() -> None:
    """None is raised that a technician would not be shown."""
    assert sorted(get_args(Kind)) == sorted([*ALARMS, "silent"]) == sorted(ORDER)


def test_a_node_without_a_clock_says_so_and_an_unknown_alarm_is_passed_over() -> None:
    """Behind by nothing is no clock at all; a later core may know more than these pages."""
    alarms = [NodeAlarm(kind="clock", since=NOON, value=0.0), NodeAlarm(kind="haunted", since=NOON)]
    assert ["node tidak tahu jam"] == [fault.text for fault in faults_of(_station(health={NODE: alarms}), NODE, NOON)]


def test_of_a_silent_node_only_what_may_be_the_reason_is_said() -> None:
    """Its empty battery, but not its clock; since when is when anything last came, and without that it never spoke."""
    alarms = [_alarm("clock"), _alarm("battery"), _alarm("draining")]
    old = _station(silent=True, health={NODE: alarms})
    silent, battery = faults_of(old, NODE, NOON)
    assert ("silent", NOON - MINUTE + 400, "battery") == (silent.kind, silent.since, battery.kind)
    (never,) = faults_of(river("Welang", NOON, series=[], last_seen=None), NODE, NOON)
    assert ("belum pernah mengirim data", None) == (never.text, never.since)


def test_the_worst_comes_first() -> None:
    """A thief before a lost sensor, that before a lid, a lid before a clock, and doubt last."""
    alarms = [_alarm(kind) for kind in ("doubtful", "lid", "clock", "sensor", "theft")]
    assert ["theft", "sensor", "lid", "clock", "doubtful"] == _kinds(_station(health={NODE: alarms}))


def test_each_node_has_its_own_faults() -> None:
    """Two nodes of a station: what one measures is no fault of the other."""
    station = river("Welang", NOON, nodes=[NODE, "node-2"], health={"node-2": [_alarm("battery")]})
    own = [msgspec.structs.replace(series("level_m", 1.6, NOON - MINUTE), node=node) for node in (NODE, "node-2")]
    station = msgspec.structs.replace(station, series=own)
    assert ([], ["battery"]) == (
        [fault.kind for fault in faults_of(station, NODE, NOON)],
        [fault.kind for fault in faults_of(station, "node-2", NOON)],
    )


def test_the_visit_list_begins_with_what_blinds_us_most() -> None:
    """Each rule of the list decides between two that the rules before it leave equal."""
    one, two = "35.75.01.1001", "35.75.01.1002"
    work = MaintenanceView(since=NOON - HOUR, until=NOON + HOUR, by="Budi", reason="ganti baterai")

    def gone(name: str, **changes: Any) -> StationView:
        return river(name, NOON, **{"silent": True, "areas": [one], **changes})

    seen = [river("Melihat", NOON, areas=["seen"]), river("Udara sehat", NOON, areas=["seen"], hazard="air")]
    ill = [
        gone("b1 pencurian", areas=[two], health={"node-b1 pencurian": [_alarm("theft")]}),
        gone("b2 naik", areas=[two], at_least=True),
        gone("b3 dua kelurahan", areas=[two, "35.75.01.1003"]),
        gone("b4 satu kelurahan", areas=[two]),
        gone("b5 hujan", areas=[two], hazard="rain"),
        gone("b6 udara", areas=[two], hazard="air"),
        gone("c1 area lain melihat", areas=["seen"]),
        river("c2 lemah", NOON, areas=["seen"], health={"node-c2 lemah": [_alarm("battery")]}),
        river("c3 sinyal", NOON, areas=["seen"], health={"node-c3 sinyal": [_alarm("signal")]}),
        gone("c4 udara lain melihat", areas=["seen"], hazard="air"),
        gone("d dikerjakan", areas=[one], maintenance=work),
    ]
    rows, healthy = roll([*reversed(ill), *seen], NOON)
    assert [station.name for station in ill] == [row.station.name for row in rows]
    assert ["Melihat", "Udara sehat"] == [row.station.name for row in healthy]
    assert [1, 1, 2, 1, 1, 1, 0, 0, 0, 0, 1] == [row.unseen for row in rows]


def test_a_station_with_two_nodes_is_blind_when_neither_measures() -> None:
    """One that still does keeps its areas seen; stations without a node are told apart."""
    lost = NodeAlarm(kind="sensor", since=NOON, note="level_m")
    own = [msgspec.structs.replace(series("level_m", 1.6, NOON), node=node) for node in (NODE, "node-2")]
    station = river("Welang", NOON, series=own, nodes=[NODE, "node-2"], areas=["35.75.01.1001"])
    for health, expected in (({NODE: [lost]}, False), ({NODE: [lost], "node-2": [lost]}, True)):
        rows, _ = roll([msgspec.structs.replace(station, health=health)], NOON)
        assert {expected} == {row.is_blind for row in rows}
    bare = river("Enam", NOON, nodes=[])
    assert ["Enam"] == [each.name for each in unserved([bare, station])]


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
