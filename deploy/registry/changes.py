"""Changes taking effect: a document into the journal's group and core's memory, audited, in one transaction."""

from typing import TYPE_CHECKING

import msgspec

from alerting.engine import StationState
from alerting.rules import StationRules
from broker.station import Station
from deploy.journal import Group, Journal
from deploy.memory import Memory
from deploy.registry.plan import Step
from deploy.registry.registry import Registry
from deploy.registry.rules import DERIVATION, rules_at

if TYPE_CHECKING:
    from deploy.core import Core

RULES_DERIVATION = "rules_derivation"


def put_station(core: "Core", step: Step, *, actor: str, reason: str, now: int) -> None:
    """Put an added or changed station into force; it is live with this turn's commit."""
    station, registry = step.station, core.registry
    detail = {"reason": reason, "fields": step.fields}
    row_id, version = file_station(core, station, step.kind, detail, actor=actor, reason=reason, now=now)
    registry.put(station, version)
    registry.wait(station, now)
    core.memory.states.setdefault(station.id, StationState())
    put_rules(core, station, now)
    core.station_revs[station.id] = row_id
    core.hub.mark_station(station.id)


def file_station(
    core: "Core", station: Station, kind: str, detail: object, *, actor: str, reason: str, now: int
) -> tuple[int, int]:
    """A station's next document, its version and the audit, into the turn's group; the version's journal id, number."""
    version = core.registry.versions.get(station.id, 0) + 1
    document = msgspec.json.encode(station).decode()
    row_id = core.journal.take_ids()
    core.group.stations[station.id] = (station.id, version, document)
    core.group.versions.append((row_id, "station", station.id, version, now, actor, reason, document))
    core.journal.add_audit(
        core.group,
        at=now,
        actor=actor,
        action=f"station {kind}",
        subject=f"{station.id} v{version}",
        detail=detail,
    )
    return row_id, version


def put_rules(core: "Core", station: Station, now: int) -> None:
    """Derive a station's rules; when they differ, they are in force with this turn's commit."""
    if renew_rules(core.journal, core.memory, core.group, station, now) is None:
        return
    # The tail of readings is folded under the rules in force: what came under the old ones belongs to the snapshot.
    core.snapshots.mark_decided(station.id)
    core.station_revs[station.id] = core.journal.last_id
    core.hub.mark_station(station.id)
    core.watch(station.id)


def switch_rules(core: "Core", now: int) -> None:
    """Put thresholds into force whose time has come."""
    for name in core.registry.due(now):
        put_rules(core, core.registry.stations[name], now)


def renew_rules(journal: Journal, memory: Memory, group: Group, station: Station, now: int) -> StationRules | None:
    """Record the rules in force at ``now`` when they differ from those in memory; None when they do not."""
    known = memory.rules.get(station.id)
    wanted = rules_at(station, known, now)
    if wanted is known:
        return None
    memory.rules[station.id] = wanted
    limits = station.thresholds
    author = limits.author if limits is not None else "registry"
    reason = limits.reason if limits is not None else "no thresholds are set"
    text = msgspec.json.encode(wanted).decode()
    group.rules.append((journal.take_ids(), station.id, wanted.version, now, author, reason, text))
    journal.add_audit(
        group, at=now, actor=author, action="rules changed", subject=f"{station.id} v{wanted.version}", detail=wanted
    )
    return wanted


def apply_rules(journal: Journal, memory: Memory, registry: Registry, group: Group, now: int) -> list[str]:
    """At a start: the stations whose rules changed while core was stopped, or that this program derives otherwise."""
    stations = registry.stations
    if journal.value(RULES_DERIVATION) != DERIVATION:
        group.values[RULES_DERIVATION] = DERIVATION
        candidates = list(stations)
    else:
        candidates = [name for name in stations if name not in memory.rules]
    candidates += registry.due(now)
    return [name for name in candidates if renew_rules(journal, memory, group, stations[name], now) is not None]
