"""A rule on the past, beside the one in force."""

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerting.rules import AirRule, LevelRule, RainLimit, RainRule, StationRules, Thresholds
from broker.station import Epoch, Station
from deploy.commands.common import Refused
from deploy.commands.rules import RuleFile, past_lines, proposed
from deploy.replay.case import parse_case
from deploy.replay.preview import past_points, preview_library, preview_past, same_but_thresholds
from ingest.history import Point

MINUTE = 60_000
WIB = ZoneInfo("Asia/Jakarta")
T0 = 1_764_000_000_000
STATION = Station(
    id="sungai-contoh",
    name="Sungai (contoh)",
    example=True,
    sensor="radar",
    sensor_mm=(100.0, 20_000.0),
    epochs=(
        Epoch(number=1, series="distance_mm", effective_from=0, datum_m=5.0),
        Epoch(number=2, series="distance_mm", effective_from=T0, datum_m=6.5),
    ),
)
RULE = LevelRule(thresholds=Thresholds(waspada=1.0, siaga=2.0, awas=3.0))
ACTIVE = StationRules(station="sungai-contoh", version=3, quantity="level_m", level=RULE)


def points(count: int = 600, crest_m: float = 2.8) -> list[Point]:
    """A wave of six hours, over half a metre of low water."""
    made = []
    for minute in range(count):
        phase = min(max((minute - 120) / 360, 0), 1)
        level = 0.5 + (crest_m - 0.5) * 0.5 * (1 - math.cos(2 * math.pi * phase)) + (minute % 3) / 1000
        time = T0 + minute * MINUTE
        made.append(
            Point(time=time, value=round(level, 3), raw=None, flag=1, reason=None, node="node-contoh", revision=0,
                  received_at=time + 300, epoch=1)
        )  # fmt: skip
    return made


@dataclass
class Reader:
    """History with one series."""

    rows: list[Point]

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        assert ("sungai-contoh", "level_m") == (station, quantity)
        return [row for row in self.rows if start <= row.time < end][:limit]


def test_the_past_is_read_page_by_page() -> None:
    """No point is lost or repeated between pages, and late ones stand where they arrived."""
    rows = points(count=12_000)
    rows[5] = msgspec.structs.replace(rows[5], received_at=T0 + 700 * MINUTE)
    found = past_points(Reader(rows), "sungai-contoh", T0, T0 + 20_000 * MINUTE)
    assert len(rows) == len(found)
    assert len({point.time for point in found}) == len(found)
    assert sorted(point.received_at for point in found) == [point.received_at for point in found]


def test_what_was_imported_counts_as_heard_when_it_was_measured() -> None:
    """A logger's file of last month would be backlog from its first line to its last, and warn nobody."""
    imported = [msgspec.structs.replace(p, node="impor", received_at=T0 + 10**9) for p in points(count=3)]
    found = past_points(Reader(imported), "sungai-contoh", T0, T0 + 10 * MINUTE)
    assert [200, 200, 200] == [point.received_at - point.time for point in found]


def test_two_rules_side_by_side() -> None:
    """The crest of 2.8 m is SIAGA under the one, and AWAS under the other that lies lower."""
    lower = msgspec.structs.replace(RULE, thresholds=Thresholds(waspada=0.9, siaga=1.8, awas=2.6))
    candidate = msgspec.structs.replace(ACTIVE, level=lower, version=4)
    found = preview_past(points(), station=STATION, active=ACTIVE, candidate=candidate, timezone="Asia/Jakarta")
    assert ({1: 1, 2: 1}, {1: 1, 2: 1, 3: 1}) == (found.active.times, found.candidate.times)
    assert found.candidate.minutes[1] > 0
    assert (600, T0 + 300) == (found.readings, found.start)
    assert {3} == {decision.rules_version for _, decision, _ in found.active.decisions}
    lines = list(past_lines(found, "Sungai", WIB))
    assert any("1,00 / 2,00 / 3,00" in line and "0,90 / 1,80 / 2,60" in line for line in lines)
    assert any("usulan    raised_higher AWAS" in line for line in lines)


def test_the_same_rule_twice_is_the_same() -> None:
    """Nothing but the rule moves the two sides."""
    found = preview_past(points(), station=STATION, active=ACTIVE, candidate=ACTIVE, timezone="Asia/Jakarta")
    assert found.active == found.candidate
    assert [] != list(found.active.decisions)


def test_a_station_without_thresholds_has_nothing_in_force() -> None:
    """BELUM DITETAPKAN raises no level; the proposal does."""
    unset = msgspec.structs.replace(ACTIVE, level=None)
    found = preview_past(points(), station=STATION, active=unset, candidate=ACTIVE, timezone="Asia/Jakarta")
    assert ({}, {1: 1, 2: 1}) == (found.active.times, found.candidate.times)
    assert "belum ditetapkan" in "\n".join(past_lines(found, "Sungai", WIB))


def series(quantity: str, values: list[float], step: int) -> list[Point]:
    return [
        Point(time=T0 + n * step, value=value, raw=None, flag=1, reason=None, node="n", revision=0,
              received_at=T0 + n * step + 300, epoch=1)
        for n, value in enumerate(values)
    ]  # fmt: skip


def test_rain_is_tried_on_what_the_gauge_counted() -> None:
    """24 mm in an hour: nothing below a limit of 30, WASPADA from 20."""
    gauge = Station(id="hulu", name="Hulu", hazard="rain")
    rules = [
        StationRules(
            station="hulu",
            version=n,
            quantity="rain_mm",
            level=None,
            rain=RainRule(limits=(RainLimit(window="1h", mm=mm, level=1),)),
        )
        for n, mm in enumerate((30.0, 20.0))
    ]
    found = preview_past(
        series("rain_mm", [0.0] * 60 + [0.4] * 60 + [0.0] * 60, MINUTE),
        station=gauge, active=rules[0], candidate=rules[1], timezone="Asia/Jakarta", part="rain",
    )  # fmt: skip
    assert ({}, {1: 1}) == (found.active.times, found.candidate.times)


def test_air_is_tried_on_the_index_that_was_published() -> None:
    """Sedang is nothing by the regulation's order, and WASPADA for who warns from there."""
    place = Station(id="udara", name="Udara", hazard="air")
    active = StationRules(station="udara", version=1, quantity="pm25_ugm3", level=None, air=AirRule())
    candidate = msgspec.structs.replace(active, air=AirRule(waspada=1), version=2)
    past = series("ispu", [40.0] * 3 + [82.0] * 6 + [40.0] * 6, 60 * MINUTE)
    found = preview_past(past, station=place, active=active, candidate=candidate, timezone="Asia/Jakarta", part="air")
    assert ({}, {1: 1}) == (found.active.times, found.candidate.times)


def test_the_library_judges_everything_but_thresholds() -> None:
    """A rule that waits for thirty samples warns later, whatever the thresholds of the case."""
    text = """
title = "contoh"
kind = "slow"
start = 2025-11-24T13:00:00+07:00
minutes = 500
truth = { flood = true }
[[stations]]
id = "sungai-contoh"
name = "Sungai (contoh)"
thresholds = { waspada = 1.0, siaga = 2.0, awas = 3.0 }
[stations.water]
points = [[0, 0.5], [60, 0.5], [300, 3.5], [500, 1.0]]
"""
    cases = [parse_case(text, name="contoh", where="contoh")]
    slow = msgspec.structs.replace(RULE, hold_up=30, early_siaga_ms=0)
    quick = msgspec.structs.replace(RULE, early_siaga_ms=0)
    assert preview_library(cases, quick).leads_min[0] - preview_library(cases, slow).leads_min[0] == pytest.approx(28)
    assert same_but_thresholds(RULE, msgspec.structs.replace(RULE, thresholds=Thresholds(waspada=1, siaga=4, awas=5)))
    assert not same_but_thresholds(RULE, slow)


def test_what_is_not_said_stays_as_it_is() -> None:
    """One threshold changes, the others and the holds do not."""
    made = proposed(ACTIVE, RuleFile(siaga=2.2, hold_down_minutes=20))
    assert made.level is not None
    assert (1.0, 2.2, 3.0) == (made.level.thresholds.waspada, made.level.thresholds.siaga, made.level.thresholds.awas)
    assert (20 * MINUTE, 2, 4) == (made.level.hold_down_ms, made.level.hold_up, made.version)


@pytest.mark.parametrize(
    ("active", "said", "named"),
    [
        (ACTIVE, RuleFile(siaga=3.5), "thresholds must rise"),
        (ACTIVE, RuleFile(hold_up_samples=0), "hold_up is 0"),
        (msgspec.structs.replace(ACTIVE, level=None), RuleFile(awas=3.0), "give --waspada, --siaga too"),
    ],
)
def test_a_rule_that_cannot_be_is_one_sentence(active: StationRules, said: RuleFile, named: str) -> None:
    """Named before anything is read."""
    with pytest.raises(Refused) as refused:
        proposed(active, said)
    assert named in str(refused.value)
