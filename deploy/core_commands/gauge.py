"""Core's commands on what was measured: a staff gauge read by a person, and levels computed anew."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerting.events import Observed
from broker.control import CommandFailed, Request
from broker.quality_flags import Flag
from broker.station import LEVEL_SERIES, Station
from deploy.core_commands.arguments import number, optional_int, optional_text, text
from deploy.core_commands.people import decided_by
from deploy.core_commands.stations import known_station
from deploy.registry.drift import TOGETHER_MS, GaugeRow
from ingest.readings import Reading

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

PEOPLE: Final = "petugas"  # the node under which people's readings are filed
STAFF_GAUGE: Final = "staff_gauge_m"
AHEAD_MS: Final = 5 * 60_000
BEHIND_MS: Final = 400 * 86_400_000
LEVELS_M: Final = (-10.0, 100.0)
MOST_AT_ONCE: Final = 1000


def station_observe(commands: "Commands", request: Request) -> dict[str, Any]:
    """Enter a staff gauge's reading, compared with the sensor's: its last one, or ``sensor_m`` for a time past."""
    core, station = commands.core, known_station(commands, text(request, "id"))
    now, level_m = core.clock.now(), number(request, "level_m")
    at = optional_int(request, "at")
    time = now if at is None else at
    _check(station, level_m, time, now)
    sensor_m = number(request, "sensor_m") if "sensor_m" in request.args else _sensor(commands, station.id, time)
    epoch = station.epoch_at(LEVEL_SERIES, time)
    row = GaugeRow(
        core.journal.take_ids(),
        station.id,
        time,
        level_m,
        sensor_m,
        0 if epoch is None else epoch.number,
        optional_text(request, "by")[:60] or request.actor,
        optional_text(request, "note")[:200],
    )
    reading = Reading(
        *(row.id, PEOPLE, 0, row.id, STAFF_GAUGE, 0, station.id, STAFF_GAUGE, time, time, now, level_m, level_m),
        *(int(Flag.GOOD), None, row.epoch),
    )
    core.group.readings.append(reading)
    core.group.gauges.append(msgspec.structs.astuple(row))
    core.memory.remember(reading)
    core.registry.add_gauge(row)
    commands.audit(request, "staff gauge read", station.id, msgspec.structs.asdict(row))
    core.station_revs[station.id] = row.id
    core.hub.mark_station(station.id)
    drift = core.registry.drift(station.id)
    answer = {"sensor_m": sensor_m, "time": time, "drift": None if drift is None else msgspec.to_builtins(drift)}
    return answer | _seen(commands, row, now)


def _seen(commands: "Commands", row: GaugeRow, now: int) -> dict[str, Any]:
    """What the engine makes of it: it speaks for the sensor, and may raise a level. An old reading warns nobody."""
    core = commands.core
    if now - row.time > core.memory.rules[row.station].horizon_ms:
        return {"decided": [], "messages": 0}
    event = Observed(at=min(row.time, now), by=row.read_by, note=row.note, value=row.level_m)
    return decided_by(commands, row.station, event)


def _check(station: Station, level_m: float, time: int, now: int) -> None:
    if not station.measures_water:
        raise CommandFailed(f"{station.id} measures no water, so it has no staff gauge")
    if not LEVELS_M[0] <= level_m <= LEVELS_M[1]:
        raise CommandFailed(f"{level_m:g} m is no level of a gauge: write metres, not centimetres")
    if station.datum_m is not None and level_m > 3 * station.datum_m:
        raise CommandFailed(
            f"{level_m:g} m is far over the sensor at {station.datum_m:g} m: write metres, not centimetres"
        )
    if not now - BEHIND_MS <= time <= now + AHEAD_MS:
        raise CommandFailed("a gauge cannot have been read in the future, nor more than 400 days ago")


def _sensor(commands: "Commands", station: str, time: int) -> float | None:
    """The sensor's last level, when it is near enough in time and not failed."""
    last = commands.core.memory.latest.get(station, {}).get("level_m")
    if last is None or last.flag in (Flag.FAIL, Flag.MISSING) or abs(last.time - time) > TOGETHER_MS:
        return None
    return last.value


class Recomputed(msgspec.Struct, frozen=True, array_like=True):
    """A reading with its new value; ``revision`` is the one that it gets."""

    time: int
    node: str
    revision: int
    raw: float
    value: float
    flag: int
    reason: str | None
    epoch: int


def station_recompute(commands: "Commands", request: Request) -> dict[str, Any]:
    """Write recomputed readings of one series into the log; history takes them, the engine does not."""
    core, station = commands.core, known_station(commands, text(request, "id"))
    series, quantity = text(request, "series"), text(request, "quantity")
    try:
        rows = msgspec.convert(request.args.get("readings"), list[Recomputed])
    except msgspec.ValidationError as error:
        raise CommandFailed(f"station-recompute: {error}") from None
    if len(rows) > MOST_AT_ONCE:
        raise CommandFailed(f"station-recompute: at most {MOST_AT_ONCE} readings at once")
    now, first_id = core.clock.now(), core.journal.take_ids(max(1, len(rows)))
    for offset, row in enumerate(rows):
        core.group.readings.append(
            Reading(
                *(first_id + offset, row.node, 0, 0, series, row.revision, station.id, quantity, row.time, row.time),
                *(now, row.raw, row.value, row.flag, row.reason, row.epoch),
            )
        )
    if rows:
        span = {"series": series, "from": rows[0].time, "to": rows[-1].time, "readings": len(rows)}
        commands.audit(request, "levels recomputed", station.id, span)
    return {"written": len(rows)}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "station-observe": station_observe,
    "station-recompute": station_recompute,
}
CHANGES: Final = frozenset({"station-observe", "station-recompute"})
