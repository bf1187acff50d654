"""What a person means by a name: a station or an area, by id, code or name; otherwise the nearest that there are."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from broker.control import CommandFailed
from deploy.registry import Registry
from deploy.registry.areas import UnknownArea

NEAREST: Final = 3
COMPARED: Final = 100  # a comparison costs a tenth of a millisecond, in which core decides nothing else
LONGER: Final = 8


def nearest(text: str, names: Mapping[str, str]) -> str:
    """``; did you mean a or b?`` by the names most like ``text``, each with what to say instead; or nothing."""
    plain = text.casefold()
    by_plain = {name.casefold(): said for name, said in names.items() if abs(len(name) - len(text)) <= LONGER}
    alike = [name for name in by_plain if name[:1] == plain[:1]] or list(by_plain)
    near = get_close_matches(plain, alike[:COMPARED], n=NEAREST, cutoff=0.5)
    found = dict.fromkeys(by_plain[name] for name in near)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def station_id(text: str, registry: Registry) -> str:
    """The id of a station given by its id or name, in any case; raises CommandFailed naming the nearest."""
    found = _station(text, registry)
    if found is None:
        _check_retired(text, registry)
        hint = nearest(text, _stations(registry)) or "; see kentongan station list"
        raise CommandFailed(f"no station {text!r} is known{hint}")
    return found


def scope_id(text: str, registry: Registry) -> str:
    """The id of a station or the code of an area; raises CommandFailed naming the nearest."""
    found = _station(text, registry)
    if found is not None:
        return found
    try:
        return registry.areas.code_of(text)
    except UnknownArea:
        _check_retired(text, registry)
        kelurahan = {area.name: area.name for area in registry.areas.all() if area.kind == "kelurahan"}
        hint = nearest(text, _stations(registry) | kelurahan) or "; see kentongan station list and area list"
        raise CommandFailed(f"no station or area {text!r} is known{hint}") from None


def _station(text: str, registry: Registry) -> str | None:
    wanted = text.strip().casefold()
    if wanted in registry.stations:
        return wanted
    named = [name for name, station in registry.stations.items() if station.name.casefold() == wanted]
    return named[0] if len(named) == 1 else None


def _check_retired(text: str, registry: Registry) -> None:
    wanted = text.strip().casefold()
    for name, station in registry.retired.items():
        if wanted in (name, station.name.casefold()):
            raise CommandFailed(f"station {name} was retired: nothing is measured there any more; its alerts stay")


def _stations(registry: Registry) -> dict[str, str]:
    """Ids by id and by name."""
    return {name: name for name in registry.stations} | {
        station.name: name for name, station in registry.stations.items()
    }
