"""Core's commands about rules that somebody looks at before they come into force."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import CommandFailed, Request
from broker.station import Station
from deploy.core_commands.arguments import tables, text
from deploy.registry.looks import KEYS, changed_parts, fingerprint_of
from deploy.registry.plan import Step, TableFault, plan
from deploy.registry.rules import rules_at

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

UNSEEN: Final = (
    "nobody has looked at this rule on past data in the last 24 h, so it is not put into force; kentongan station "
    "change shows it first, as administration's page does"
)


def rules_look(commands: "Commands", request: Request) -> dict[str, Any]:
    """What tables of stations would make of rules in force: for each that changes, both, and the fingerprint.

    Nothing is changed. ``faults`` are those of station-put.
    """
    core, now = commands.core, commands.core.clock.now()
    said = tables(request, "stations")
    made = plan(said, core.registry, mode="import", now=now, author=request.actor, reason="pratinjau")
    looks = [] if made.faults else [look for step in made.steps if (look := _look(commands, step, now))]
    return {"looks": looks, "faults": [msgspec.to_builtins(fault) for fault in made.faults]}


def _look(commands: "Commands", step: Step, now: int) -> dict[str, Any] | None:
    before = commands.core.registry.stations.get(step.id)
    parts = changed_parts(before, step.station)
    if not parts:
        return None
    active = commands.core.memory.rules[step.id]
    return {
        "id": step.id,
        "fingerprint": fingerprint_of(before, step.station),
        "parts": parts,
        "active": msgspec.to_builtins(active),
        # As it will be once it is in force, whenever that begins.
        "candidate": msgspec.to_builtins(rules_at(_begun(step.station, now), active, now)),
        "station": msgspec.to_builtins(step.station),
    }


def _begun(station: Station, now: int) -> Station:
    limits = station.thresholds
    if limits is None or limits.effective_from <= now:
        return station
    return msgspec.structs.replace(station, thresholds=msgspec.structs.replace(limits, effective_from=now))


def rules_looked(commands: "Commands", request: Request) -> dict[str, Any]:
    """A preview of the change with this ``fingerprint`` has been shown to whoever asks; audited."""
    station, fingerprint = text(request, "station"), text(request, "fingerprint")
    if station not in commands.core.registry.stations:
        raise CommandFailed(f"no station {station!r} in the registry")
    commands.looks.keep(fingerprint, commands.core.clock.now())
    commands.audit(request, "rules previewed", station, {"fingerprint": fingerprint[:12]})
    return {"station": station}


def unseen(commands: "Commands", steps: tuple[Step, ...]) -> list[TableFault]:
    """A fault for every rule of a known station that ``steps`` would change without a fresh look at it."""
    now = commands.core.clock.now()
    found = []
    for number, step in enumerate(steps):
        before = commands.core.registry.stations.get(step.id)
        parts = changed_parts(before, step.station)
        if parts and not commands.looks.is_fresh(fingerprint_of(before, step.station), now):
            found.append(TableFault(number=number, id=step.id, key=KEYS[parts[0]], text=UNSEEN))
    return found


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "rules-look": rules_look,
    "rules-looked": rules_looked,
}
CHANGES: Final = frozenset({"rules-looked"})
