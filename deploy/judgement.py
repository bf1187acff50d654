"""What readings mean: quality control, rain and the engine, in this order. No I/O, no clock of its own.

Live, after a restart, in replay and in simulation it is this code that judges. What it finds is handed out: rows for
the journal's log are returned, states and decisions go to ``decided``.
"""

import sys
from collections.abc import Callable
from typing import Final

import msgspec

from alerting.episodes import StationState
from alerting.events import ReadingRevised, ReadingTaken, SecondTaken
from broker.quality_flags import Flag
from broker.wire import Observation
from deploy.memory import Memory
from deploy.registry import Registry
from deploy.registry.places import Places
from deploy.scopes import Decided, Scopes
from deploy.surroundings import Around
from ingest.clock_behind import heard as clock_heard
from ingest.pace import heard as pace_heard
from ingest.qualify import channel_of, clock_of, filing_time, has_own_time, of_the_past, qualify, value_flag
from ingest.quality_series import Revision, SeriesState, assess
from ingest.rain import RainGauge
from ingest.rain_worked_on import BRIDGED_MS, not_counted
from ingest.readings import Reading
from ingest.stations import Node, Station

AIR: Final = "temperature_c"
RAIN: Final = "rain_mm"
SECOND: Final = "level_m.2"  # a second sensor of the same water
SUSPECT: Final = int(Flag.SUSPECT)
TRUSTED: Final = (int(Flag.GOOD), int(Flag.NOT_EVALUATED))
DOUBTED_KEPT: Final = 10_000
MOST_SERIES: Final = 64  # of a node, by calibration epoch; those that were new first are forgotten first


class Judgement:
    """``ids(n)`` gives the first of ``n`` new journal ids, ``recall(id)`` an earlier row of the log while it is there.

    ``decided(scope, state, decisions, now)`` must put the new state into memory, or raise and leave it as it was.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        memory: Memory,
        ids: Callable[[int], int],
        recall: Callable[[int], Reading | None],
        decided: Decided,
    ) -> None:
        self.registry, self.memory = registry, memory
        self._ids, self._recall = ids, recall
        places = Places(registry)
        self.scopes = Scopes(places, memory, decided)
        self._around = Around(places, memory)
        self._doubted: dict[int, Reading] = {}  # last rows of what may be judged anew, by the first row's id

    def take(
        self, observation: Observation, *, node: Node, received_at: int, is_retained: bool = False
    ) -> list[Reading]:
        """Judge a new observation of ``node``; the rows that it adds to the log, revisions of earlier ones included."""
        behind_ms = self._behind(observation, node, received_at)
        time_filed = filing_time(observation, received_at, node.last_filed, behind_ms)
        live = has_own_time(observation.t, received_at) if is_retained else is_live(node, observation.t, received_at)
        station = self.registry.ingest[node.station]
        readings = qualify(
            observation,
            node=node.id,
            station=station,
            time=time_filed,
            received_at=received_at,
            first_id=self._ids(len(observation.s)),
            last_air=self._air(node.station),
        )
        rows: list[Reading] = []
        revised: list[Reading] = []
        for reading in readings:
            judged, revisions = self.assess(reading, node, station)
            rows.append(judged)
            if judged.flag == SUSPECT:
                self._keep(judged.id, judged)
            for revision in revisions:
                row = self._revise(revision, judged)
                if row is not None:
                    revised.append(row)
                    self.revise(row, received_at, live=live)
            self.evaluate(judged, live=live)
        self.scopes.heard(received_at, node.gateway)
        node.last_arrival, node.last_filed = received_at, max(of_the_past(node.last_filed, received_at), time_filed[0])
        return rows + revised

    def _behind(self, observation: Observation, node: Node, received_at: int) -> int:
        """How far the clock of ``node`` is behind, as of this observation."""
        known = node.clock
        if known is None:
            known = clock_of(node.id, self.memory.latest.get(node.station, {}).values())
        if observation.t is not None:
            known = clock_heard(known, observation.t, received_at)
        node.clock = known
        return known.behind_ms

    def assess(self, reading: Reading, node: Node, station: Station) -> tuple[Reading, tuple[Revision, ...]]:
        """Hold a reading against those before it: with its final flag, and what it changes about earlier ones."""
        limits = channel_of(station, reading.series).limits
        key = reading.series if reading.epoch == 1 else f"{reading.series}@{reading.epoch}"
        known = node.series.get(key)
        if known is None:
            known = SeriesState()
            key = sys.intern(key)
            if len(node.series) >= MOST_SERIES:
                del node.series[next(iter(node.series))]
        worked_on, before = self.memory.states.get(reading.station), known.time
        if worked_on is not None and known.time < worked_on.worked_until <= reading.time:
            known = SeriesState()  # what was measured while somebody worked on the sensor is no measure for now
        if not of_the_past(known.time, reading.received_at):
            known = SeriesState()  # core's clock was set back
        self._around.at(reading.station, reading.time)
        found = assess(known, reading, limits, self._around)
        node.series[key] = found.state
        if found.flag != reading.flag or found.reason != reading.reason:
            reading = msgspec.structs.replace(reading, flag=found.flag, reason=found.reason)
        if reading.quantity == RAIN and reading.value and worked_on and _is_poured(worked_on, before, reading):
            reading = not_counted(reading)
        return reading, found.revisions

    def evaluate(self, reading: Reading, *, live: bool) -> None:
        """Let the engine take a reading that quality control has seen."""
        self.memory.remember(reading)
        now = reading.received_at
        if reading.quantity == RAIN and reading.flag in TRUSTED and reading.value is not None:
            self._gauge(reading.station).add(reading.time, reading.value)
            self.scopes.rained(reading.station, reading.value, now)
        rules = self.memory.rules[reading.station]
        if reading.quantity == rules.quantity:
            event = ReadingTaken(reading.time, now, reading.value, value_flag(reading), live)
            self.scopes.step(reading.station, event, now)
        elif live and reading.quantity == SECOND:
            second = SecondTaken(reading.time, now, reading.value, value_flag(reading))
            self.scopes.step(reading.station, second, now)

    def revise(self, row: Reading, now: int, *, live: bool) -> None:
        """Let the engine take a reading whose flag has changed."""
        latest = self.memory.latest.get(row.station, {}).get(row.quantity)
        if latest is not None and latest.time == row.time:
            self.memory.remember(row)
        if live and row.quantity == self.memory.rules[row.station].quantity:
            self.scopes.step(row.station, ReadingRevised(row.time, now, row.value, value_flag(row)), now)

    def _revise(self, revision: Revision, newest: Reading) -> Reading | None:
        """The next row of a reading judged anew by ``newest``; None when it is in nobody's memory any more."""
        before = self._before(revision.id, newest)
        if before is None:
            return None
        row = msgspec.structs.replace(
            before, id=self._ids(1), revision=before.revision + 1, flag=revision.flag, reason=revision.reason
        )
        self._keep(revision.id, row)
        return row

    def _before(self, row_id: int, newest: Reading) -> Reading | None:
        """The last row of the reading whose first row is ``row_id``. The log may be away with a disk that is full."""
        known = self._doubted.get(row_id)
        if known is not None:
            return known
        latest = self.memory.latest.get(newest.station, {}).get(newest.quantity)
        return latest if latest is not None and latest.id == row_id else self._recall(row_id)

    def _keep(self, row_id: int, row: Reading) -> None:
        self._doubted.pop(row_id, None)
        self._doubted[row_id] = row
        if len(self._doubted) > DOUBTED_KEPT:
            del self._doubted[next(iter(self._doubted))]

    def _gauge(self, station: str) -> RainGauge:
        gauge = self.memory.rain.get(station)
        if gauge is None:
            gauge = self.memory.rain[station] = RainGauge()
        return gauge

    def _air(self, station: str) -> tuple[int, float] | None:
        latest = self.memory.latest.get(station)
        reading = latest.get(AIR) if latest else None
        if reading is None or reading.value is None or reading.flag != Flag.GOOD:
            return None
        return reading.time, reading.value


def is_live(node: Node, t: int | None, received_at: int) -> bool:
    """Whether an observation of ``node`` that says ``t`` may stand for the present; notes how it came.

    With a time that can be true the engine's horizon judges it, without one its pace (:mod:`ingest.pace`).
    """
    if has_own_time(t, received_at):
        node.pace = None
        return True
    node.pace, live = pace_heard(node.pace, t, received_at=received_at, last_arrival=node.last_arrival)
    return live


def _is_poured(state: StationState, before: int, reading: Reading) -> bool:
    """Whether somebody worked here while these tips were counted, which the node does since the reading ``before``."""
    began = before if 0 < reading.time - before <= BRIDGED_MS else reading.time
    return state.is_worked_on(reading.time) or state.is_worked_on(began)
