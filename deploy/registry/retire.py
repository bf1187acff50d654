"""A station is measured no more: its alerts end in somebody's name, its nodes are free, its history and its id stay."""

from typing import TYPE_CHECKING

import msgspec

from alerting.events import Retired, RulesChanged
from broker.station import Station
from deploy.live.shown import station_of
from deploy.registry.changes import file_station, put_station
from deploy.registry.plan import Step

if TYPE_CHECKING:
    from deploy.core import Core


def retire_station(core: "Core", station: Station, *, by: str, reason: str, actor: str, now: int) -> None:
    """Take a station out of the registry with this turn's commit. Its nodes must be free already.

    Other stations that name it as a neighbour do so no longer.
    """
    core.judgement.scopes.step(station.id, Retired(at=now, by=by, reason=reason), now)
    for other in [each for each in core.registry.stations.values() if _names(each, station.id)]:
        _part(core, other, station.id, actor=actor, now=now)
    view = station_of(core, station.id)
    row_id = _record(core, station, by=by, reason=reason, actor=actor, now=now)
    core.memory.rain.pop(station.id, None)
    core.memory.air.pop(station.id, None)
    core.snapshots.mark_decided(station.id)
    core.hub.retire_station(msgspec.structs.replace(view, retired=True, rev=row_id))
    for area in station.kelurahan:
        core.judgement.scopes.area(area, RulesChanged(at=now, author=by, reason=reason), now)


def _record(core: "Core", station: Station, *, by: str, reason: str, actor: str, now: int) -> int:
    """The last document, its version and the audit; the journal id of the version."""
    station = msgspec.structs.replace(station, retired_at=now)
    detail = {"by": by, "reason": reason}
    row_id, version = file_station(core, station, "retired", detail, actor=actor, reason=reason, now=now)
    core.registry.retire(station, version)
    return row_id


def _names(station: Station, other: str) -> bool:
    return any(neighbour.station == other for neighbour in station.neighbours)


def _part(core: "Core", station: Station, gone: str, *, actor: str, now: int) -> None:
    left = tuple(neighbour for neighbour in station.neighbours if neighbour.station != gone)
    fields = (("neighbours", len(station.neighbours), len(left)),)
    changed = msgspec.structs.replace(station, neighbours=left)
    step = Step(id=station.id, kind="changed", fields=fields, station=changed)
    put_station(core, step, actor=actor, reason=f"{gone} retired", now=now)
