"""The journal's tail folded over the snapshots: what was judged after them is judged again, by the same code.

Flags are not given anew: the log has them. Quality control sees each sample again to remember what it remembered; the
engine takes each reading, and each change of a flag, in the order in which they came.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from alerting.engine import Decision
from deploy.judgement import Judgement, is_live
from deploy.memory import Memory, ScopeState
from deploy.registry import Registry
from ingest.qualify import channel_of, has_own_time, of_the_past, single_verdict
from ingest.readings import Reading

RECOMPUTED: Final = (0, 0)  # boot and seq of what a command computed anew: it says nothing about now


def fold_tail(
    rows: Iterable[Reading],
    memory: Memory,
    registry: Registry,
    *,
    station_revs: dict[str, int],
    node_revs: dict[str, int],
) -> None:
    """Bring ``memory`` up to the last of ``rows``; one at or below the rev of its node or station is in it already."""
    fold = _Fold(memory, registry, station_revs, node_revs)
    for row in rows:
        if row.revision and (row.boot, row.seq) != RECOMPUTED:
            fold.revised.append(row)
            continue
        if row.revision:
            continue
        if fold.readings and not _is_one_observation(fold.readings[-1], row):
            fold.flush()
        fold.readings.append(row)
    fold.flush()
    memory.replayed_stations = sorted(fold.stations)


class _Fold:
    """``readings`` are of one observation, ``revised`` what it changed about earlier ones."""

    def __init__(
        self, memory: Memory, registry: Registry, station_revs: dict[str, int], node_revs: dict[str, int]
    ) -> None:
        self.memory, self.registry = memory, registry
        self.station_revs, self.node_revs = station_revs, node_revs
        self.readings: list[Reading] = []
        self.revised: list[Reading] = []
        self.stations: set[str] = set()
        self.judgement = Judgement(
            registry=registry, memory=memory, ids=_no_ids, recall=lambda _row_id: None, decided=self._decided
        )

    def flush(self) -> None:
        """Take the observation that is complete."""
        readings, revised = self.readings, self.revised
        self.readings, self.revised = [], []
        if not readings:
            return
        live = self._take_observation(readings[0])
        for reading in readings:
            self._see_again(reading)
            if reading.station not in self.memory.rules or reading.id <= self.station_revs[reading.station]:
                self.memory.remember(reading)
                continue
            self.stations.add(reading.station)
            for row in revised:
                if (row.node, row.series) == (reading.node, reading.series):
                    self.judgement.revise(row, reading.received_at, live=live)
            self.judgement.evaluate(reading, live=live)

    def _take_observation(self, reading: Reading) -> bool:
        """Note an observation as taken; whether it stood for the present when it came."""
        node = self.memory.nodes.get(reading.node)
        if node is None:
            return has_own_time(reading.observed_at, reading.received_at)
        live = is_live(node, reading.observed_at, reading.received_at)
        if reading.id <= self.node_revs[node.id]:
            return live
        node.received.take(reading.boot, reading.seq)
        last_filed = of_the_past(node.last_filed, reading.received_at)
        node.last_arrival, node.last_filed = reading.received_at, max(last_filed, reading.time)
        self.memory.replayed_nodes.append(node.id)
        return live

    def _see_again(self, reading: Reading) -> None:
        node = self.memory.nodes.get(reading.node)
        if node is None or reading.id <= self.node_revs[node.id] or reading.station not in self.registry.stations:
            return
        station = self.registry.ingest[reading.station]
        flag, reason = single_verdict(reading, channel_of(station, reading.series).limits)
        self.judgement.assess(msgspec.structs.replace(reading, flag=flag, reason=reason), node, station)

    def _decided(self, name: str, state: ScopeState, decisions: tuple[Decision, ...], _now: int) -> None:
        self.memory.put(name, state)
        self.memory.untold += decisions
        if name in self.memory.states:
            self.stations.add(name)


def _is_one_observation(one: Reading, other: Reading) -> bool:
    return (one.node, one.boot, one.seq) == (other.node, other.boot, other.seq)


def _no_ids(_count: int) -> int:
    raise AssertionError("nothing is written while the tail is folded")
