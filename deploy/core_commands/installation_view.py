"""What the wizard's page is drawn from: an installation, and what core knows of its node and station at this moment."""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from deploy.core_commands.installation_hold import others_in_service
from deploy.nodes.installation import READINGS, SPREAD_M, WORDS, Installation, Step, compared
from deploy.nodes.installation_watch import COLUMNS, LINK_MS, QUIET_MS, Link, NodeWatch

if TYPE_CHECKING:
    from broker.station import Station
    from deploy.core_commands.commands import Commands

LOOK_BACK: Final = 100_000  # journal ids of which the rows are looked at when nothing is known yet
RECENT_MS: Final = 15_000  # what stands beside a reading of the staff gauge
# What a station is there to measure, the best first.
MAIN: Final = {
    "level": ("level_m", "distance_mm"),
    "tide": ("level_m", "distance_mm"),
    "rain": ("rain_mm",),
    "air": ("pm25_ugm3", "pm10_ugm3"),
}
LINKED: Final = 0.1  # of what was numbered may be missing


def view_of(commands: "Commands", found: Installation) -> dict[str, Any]:
    """Everything that the page shows; times are ms UTC of core's clock."""
    core, now = commands.core, commands.core.clock.now()
    watch = known_watch(commands, found)
    station = core.registry.stations.get(station_of(commands, found.node))
    return {
        **summary(commands, found),
        "now": now,
        "steps": {name: msgspec.to_builtins(step) for name, step in found.steps.items()},
        "open": list(found.open_steps),
        "place": None if station is None else _place(commands, station, found.node),
        "heard_at": watch.heard_at,
        "heard": watch.count(now - RECENT_MS),
        "latest": [msgspec.structs.asdict(value) for value in watch.latest.values()],
        "main": quantity_of(commands, found),
        "gauge": _gauge(found),
        "link": _link(watch, found, now),
        "good": good(commands, found),
        "status": _status(commands, found.node),
        "siren_order": found.siren_order,
    }


def summary(commands: "Commands", found: Installation) -> dict[str, Any]:
    station = commands.core.registry.stations.get(station_of(commands, found.node))
    return {
        "id": found.id,
        "node": found.node,
        "station": "" if station is None else station.id,
        "station_name": "" if station is None else station.name,
        "begun_at": found.begun_at,
        "begun_by": found.begun_by,
        "left": [WORDS[name] for name in found.open_steps],
    }


def station_of(commands: "Commands", node: str) -> str:
    """The station that a node serves; "": none."""
    known = commands.core.memory.nodes.get(node)
    return "" if known is None else known.station


def known_watch(commands: "Commands", found: Installation) -> NodeWatch:
    """What the node has sent since the installation began, up to now."""
    core = commands.core
    watch = commands.put_up.get(found.node)
    if watch is None:
        watch = commands.put_up[found.node] = NodeWatch(max(found.id, core.journal.last_id - LOOK_BACK))
    query = f"SELECT {COLUMNS} FROM readings WHERE id > ? AND node = ? ORDER BY id"  # noqa: S608 - our own names
    watch.take(core.journal.connection.execute(query, (watch.last_id, found.node)))
    watch.last_id = max(watch.last_id, core.journal.last_id if core.group.is_empty else watch.last_id)
    return watch


def quantity_of(commands: "Commands", found: Installation) -> str | None:
    """What the station is there to measure, as the node sends it; None while it sends nothing of the kind."""
    station = commands.core.registry.stations.get(station_of(commands, found.node))
    latest = known_watch(commands, found).latest
    wanted = MAIN[station.hazard] if station is not None else ()
    return next((name for name in wanted if name in latest), None)


def good(commands: "Commands", found: Installation) -> dict[str, Any]:
    """How long data have been good without a break, how long they still must, and why it waits, in Indonesian."""
    now, needed = commands.core.clock.now(), round(commands.core.settings.installation.good_minutes * 60_000)
    quantity, since = quantity_of(commands, found), settled(found)
    if quantity is None:
        why = "Node belum mengirim bacaan yang diukur stasiun ini."
        return {"since": None, "left_ms": needed, "needed_ms": needed, "why": why}
    run = known_watch(commands, found).good_run(quantity, now, since)
    if run.since is None:
        return {"since": None, "left_ms": needed, "needed_ms": needed, "why": run.why}
    left = max(0, needed - (now - run.since))
    why = f"data harus baik {needed // 60_000} menit tanpa putus." if left else ""
    return {"since": run.since, "left_ms": left, "needed_ms": needed, "why": why}


def settled(found: Installation) -> int:
    """When the last step that changes what is measured was done; good data count from then."""
    done = (found.steps.get(name, Step(at=0, by="")) for name in ("station", "gauge"))
    return max(found.begun_at, *(each.at for each in done if not each.skipped))


def measured_link(commands: "Commands", found: Installation) -> Link | None:
    """Loss over the two minutes that were measured; None while too little was heard."""
    if found.link_from is None:
        return None
    return known_watch(commands, found).link(found.link_from, found.link_from + LINK_MS)


def _gauge(found: Installation) -> dict[str, Any]:
    come_to = compared(found.gauge)
    return {
        "readings": [msgspec.to_builtins(each) | {"datum_m": round(each.datum_m, 3)} for each in found.gauge],
        "needed": READINGS,
        "most_spread_m": SPREAD_M,
        "compared": None if come_to is None else msgspec.to_builtins(come_to) | {"agrees": come_to.agrees},
    }


def _link(watch: NodeWatch, found: Installation, now: int) -> dict[str, Any] | None:
    if found.link_from is None:
        return None
    link = watch.link(found.link_from, found.link_from + LINK_MS)
    said = {"from": found.link_from, "left_ms": max(0, found.link_from + LINK_MS - now), "heard": 0, "missing": 0}
    if link is None:
        return said | {"expected": 0, "restarted": False}
    return said | {
        "heard": link.heard,
        "missing": link.missing,
        "expected": link.expected,
        "restarted": link.restarted,
    }


def _place(commands: "Commands", station: "Station", node: str) -> dict[str, Any]:
    work = commands.core.memory.states[station.id].maintenance
    limits = station.thresholds
    return {
        "hazard": station.hazard,
        "measures_water": station.measures_water,
        "river": station.river or "",
        "datum_m": station.datum_m,
        "datum_name": station.datum or "",
        "latitude": station.latitude,
        "longitude": station.longitude,
        "example": station.example,
        "has_rules": limits is not None or bool(station.rain_limits) or station.hazard == "air",
        "thresholds": None if limits is None else {n: getattr(limits, n) for n in ("waspada", "siaga", "awas")},
        "kelurahan": commands.core.registry.kelurahan(station.id),
        "maintenance_until": None if work is None else work.until,
        "is_quiet": work is not None and work.is_installation,
        "others": others_in_service(commands, station.id, node),
    }


def _status(commands: "Commands", node: str) -> dict[str, Any]:
    """What the node says of itself; null where it has not."""
    report = commands.core.reports.nodes.get(node)
    status = None if report is None else report.status
    return {
        "online": None if report is None else report.is_online,
        "firmware": None if status is None else status.firmware,
        "rssi_dbm": None if status is None else status.rssi_dbm,
        "order": None if status is None or status.order is None else list(status.order),
        "quiet_ms": QUIET_MS,
    }
