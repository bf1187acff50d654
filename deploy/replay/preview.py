"""What a rule would have done: on a station's own past, and on the library, beside the rule that is in force.

The past goes through quality control and the engine as they are now, on the values that history holds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from alerting.engine import Decision
from alerting.events import AirIndexed
from alerting.rules import LevelRule, StationRules
from broker.station import LEVEL_SERIES, RAIN_SERIES, Epoch, Station
from broker.wire import Observation
from deploy.registry.looks import Part
from deploy.replay.case import Case, CaseThresholds, Place
from deploy.replay.installation import node_of
from deploy.replay.recording import AirNote, Delivery, Happening, Recording
from deploy.replay.run import Progress, play
from deploy.replay.sampling import recording_of
from deploy.replay.score import HOUR_MS, Summary, alarms_to_officers, most_within, score, summarise
from ingest.history import Point
from ingest.history_import import NODE as IMPORTED
from ingest.ispu import CATEGORIES, category_of

PAGE: Final = 10_000
ON_THE_WAY_MS: Final = 200
QUANTITIES: Final[dict[Part, str]] = {"level": "level_m", "rain": "rain_mm", "air": "ispu"}
MINUTE_MS: Final = 60_000


class Ranges(Protocol):
    """What is needed of :class:`ingest.history.HistoryReader`."""

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One rule over the past. ``times``: how often each level was reached; ``minutes``: how long it stood."""

    rules: StationRules
    decisions: tuple[tuple[int, Decision, str], ...]  # the station's own: core's clock, decision, why
    times: dict[int, int]
    minutes: dict[int, float]
    raised: int
    worst_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Both rules over the same readings, from the first to the last of them (ms UTC)."""

    station: str
    start: int
    end: int
    readings: int
    active: Side
    candidate: Side


def past_points(reader: Ranges, station: str, start: int, end: int, part: Part = "level") -> list[Point]:
    """What history holds of that for which ``part`` of a rule is, in order of arrival; raises HistoryUnavailable.

    What was imported from a logger's file counts as having arrived when it was measured.
    """
    found: list[Point] = []
    while True:
        page = reader.range(station, QUANTITIES[part], start, end, PAGE)
        found += page
        if len(page) < PAGE:
            return sorted(map(_as_heard, found), key=lambda point: (point.received_at, point.time))
        start = page[-1].time + 1


def _as_heard(point: Point) -> Point:
    if point.node != IMPORTED:
        return point
    return msgspec.structs.replace(point, received_at=point.time + ON_THE_WAY_MS)


def preview_past(
    points: Sequence[Point],
    *,
    station: Station,
    active: StationRules,
    candidate: StationRules,
    timezone: str,
    part: Part = "level",
    progress: Progress | None = None,
) -> Preview:
    """``points`` as :func:`past_points` gives them, at least one. Nothing is changed and nobody is told."""
    sides = [
        _side(_recording(points, station, rules, timezone, part), part, progress if rules is candidate else None)
        for rules in (active, candidate)
    ]
    return Preview(
        station=station.id,
        start=points[0].received_at,
        end=points[-1].received_at,
        readings=len(points),
        active=sides[0],
        candidate=sides[1],
    )


def preview_library(cases: Sequence[Case], rule: LevelRule) -> Summary:
    """The library under ``rule`` with the thresholds of each case: they belong to the case, all else to the rule."""
    return summarise([score(case, play(recording_of(_under(case, rule)))) for case in cases])


def same_but_thresholds(one: LevelRule | None, other: LevelRule) -> bool:
    """Whether two rules differ in their thresholds at most, so that the library cannot tell them apart."""
    return one is not None and msgspec.structs.replace(one, thresholds=other.thresholds) == other


def _under(case: Case, rule: LevelRule) -> Case:
    return msgspec.structs.replace(case, stations=tuple(_place_under(place, rule) for place in case.stations))


def _place_under(place: Place, rule: LevelRule) -> Place:
    if place.thresholds is None:
        return place
    limits = msgspec.structs.replace(
        place.thresholds,
        hysteresis_m=rule.hysteresis_m,
        hold_up_samples=rule.hold_up,
        hold_down_minutes=rule.hold_down_ms / MINUTE_MS,
        early_siaga_minutes=rule.early_siaga_ms / MINUTE_MS,
    )
    return msgspec.structs.replace(place, thresholds=limits)


def _side(recording: Recording, part: Part, progress: Progress | None) -> Side:
    (rules,) = recording.rules.values()
    outcome = play(recording, progress=progress)
    moves = [(at, d) for at, d, _ in outcome.decisions if d.hazard == part]
    times: dict[int, int] = {}
    minutes: dict[int, float] = {}
    ends = [*(at for at, _ in moves), recording.end][1:]
    for (at, decision), until in zip(moves, ends, strict=True):
        minutes[decision.level] = minutes.get(decision.level, 0.0) + (until - at) / MINUTE_MS
        if decision.kind in ("raised", "raised_higher"):
            times[decision.level] = times.get(decision.level, 0) + 1
    raised = alarms_to_officers(outcome)
    return Side(
        rules=rules,
        decisions=tuple(told for told in outcome.decisions if told[1].station == rules.station),
        times=times,
        minutes=minutes,
        raised=len(raised),
        worst_hour=most_within(raised, HOUR_MS),
    )


def _recording(points: Sequence[Point], station: Station, rules: StationRules, timezone: str, part: Part) -> Recording:
    """Values as a node sends them, under one epoch: history has them calibrated, whatever was in force at their time.

    Air has none: what history has of it is the index, as core worked it out each hour.
    """
    datum_m = station.datum_m or 0.0
    epochs = {
        "level": (Epoch(number=1, series=LEVEL_SERIES, effective_from=0, datum_m=datum_m),),
        "rain": (Epoch(number=1, series=RAIN_SERIES, effective_from=0, mm_per_tip=station.mm_per_tip),),
        "air": (),
    }
    document = msgspec.structs.replace(station, epochs=epochs[part])
    limits = rules.level.thresholds if rules.level is not None else None
    thresholds = (
        None if limits is None else CaseThresholds(waspada=limits.waspada, siaga=limits.siaga, awas=limits.awas)
    )
    place = Place(id=station.id, name=station.name, river=station.river, datum_m=datum_m, thresholds=thresholds)
    return Recording(
        name=station.id,
        title=station.name,
        timezone=timezone,
        stations=(place,),
        happenings=_Past(points, document, part),
        count=len(points),
        start=points[0].received_at,
        end=points[-1].received_at,
        documents={station.id: document},
        rules={station.id: rules},
    )


class _Past:
    """Points as their node would have sent them, as often as they are asked for."""

    def __init__(self, points: Sequence[Point], station: Station, part: Part) -> None:
        self._points, self._node, self._part = points, node_of(station.id), part
        self._datum_m, self._mm_per_tip = station.datum_m or 0.0, station.mm_per_tip
        self._station = station.id

    def __iter__(self) -> Iterator[Happening]:
        for seq, point in enumerate(self._points):
            if self._part == "air":
                yield AirNote(point.received_at, self._station, _index(point))
                continue
            raw = None if point.value is None else self._raw(point.value)
            series = LEVEL_SERIES if self._part == "level" else RAIN_SERIES
            yield Delivery(point.received_at, self._node, Observation(1, 1, seq, {series: raw}, point.time))

    def _raw(self, value: float) -> float:
        return round((self._datum_m - value) * 1000, 1) if self._part == "level" else value / self._mm_per_tip


def _index(point: Point) -> AirIndexed:
    """The index alone: history does not keep the hour beside it."""
    value = None if point.value is None else round(point.value)
    if value is None:
        return AirIndexed(point.received_at)
    return AirIndexed(point.received_at, value, CATEGORIES.index(category_of(value)), "pm25", 1.0)
