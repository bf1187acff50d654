"""What a change would do, before it is done: which stations are added, which keys change from what to what. Pure."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from broker.station import Station
from deploy.registry.checks import faults_of
from deploy.registry.file_form import BadTable, Fault, Table, station_of, table_of
from deploy.registry.registry import Registry

Kind = Literal["added", "changed", "unchanged"]
Mode = Literal["import", "add", "change"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One station; ``fields`` are (key, old, new), old or new None where there was or will be nothing."""

    id: str
    kind: Kind
    fields: tuple[tuple[str, Any, Any], ...]
    station: Station


class TableFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault in the ``number``-th table."""

    number: int
    id: str
    key: str
    text: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """With any fault nothing of it is done."""

    steps: tuple[Step, ...]
    faults: tuple[TableFault, ...]


def plan(tables: Sequence[Table], registry: Registry, *, mode: Mode, now: int, author: str, reason: str) -> Plan:
    """What ``tables`` would do to the registry's stations."""
    steps, faults = [], []
    known = registry.stations.keys() | {str(table.get("id")) for table in tables}
    seen: dict[str, int] = {}
    for number, table in enumerate(tables):
        name = str(table.get("id", ""))
        before = registry.stations.get(name)
        found = _about_its_id(name, before, seen.get(name), mode, is_retired=name in registry.retired)
        seen[name] = number
        if not found:
            try:
                station = station_of(table, before, registry.areas, now=now, author=author, reason=reason)
                found = faults_of(station, before, known=known, now=now)
                steps.append(_step(station, before, registry))
            except BadTable as error:
                found = error.faults
        faults += [TableFault(number=number, id=name, key=fault.key, text=fault.text) for fault in found]
    return Plan(steps=tuple(steps), faults=tuple(faults))


def _about_its_id(
    name: str, before: Station | None, earlier: int | None, mode: Mode, *, is_retired: bool
) -> list[Fault]:
    if not name:
        return [Fault("id", "is missing: 3 to 32 of a-z, 0-9 and hyphen")]
    if is_retired:
        return [Fault("id", "was retired, and ids are never used again; choose another")]
    if earlier is not None:
        return [Fault("id", f"is used twice, first in stations[{earlier}]; give each station its own")]
    if mode == "add" and before is not None:
        return [Fault("id", "is in use, and ids are never used again; choose another, or use kentongan station change")]
    if mode == "change" and before is None:
        return [Fault("id", "no station has it; see kentongan station list")]
    return []


def _step(station: Station, before: Station | None, registry: Registry) -> Step:
    new = flat(table_of(station, registry.areas))
    old = {} if before is None else flat(table_of(before, registry.areas))
    if station == before:
        return Step(id=station.id, kind="unchanged", fields=(), station=station)
    fields = tuple((key, old.get(key), new.get(key)) for key in [*old, *(new.keys() - old.keys())])
    changed = tuple(sorted((key, was, will) for key, was, will in fields if was != will))
    return Step(id=station.id, kind="added" if before is None else "changed", fields=changed, station=station)


def flat(table: Table, path: str = "") -> dict[str, Any]:
    """Every value by its key: ``thresholds.awas``, ``epochs[1].datum_m``."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            found |= flat(value, f"{name}.")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            for number, item in enumerate(value):
                found |= flat(item, f"{name}[{number}].")
        else:
            found[name] = value
    return found
