"""A case: one story with known truth, as a small text file. The library is a folder of them.

Everything in it is invented or rebuilt: thresholds, levels and datums are examples ("contoh"), never official figures.
A reconstruction keeps to the facts of a dated event, which its ``source`` repeats in words.
"""

import tomllib
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from broker.topics import is_id
from deploy.replay.water import Table, Water

LIBRARY: Final = Path(__file__).parent / "library"

Class = Literal[
    "reconstruction", "flash", "slow", "double", "tidal", "rain", "near_miss", "calm", "fault", "fault_in_flood"
]
MOST_MINUTES: Final = 366 * 1440
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
FaultKind = Literal[
    "spike", "raw", "no_return", "step", "plateau", "drift", "stuck", "noise", "outliers", "silent", "late", "clock",
    "no_clock", "duplicates", "shuffled",
]  # fmt: skip


class CaseError(ValueError):
    """A case cannot be used; the text names the file, the key, and what to write instead."""


class CaseThresholds(Table, frozen=True, kw_only=True):
    """Metres above the gauge's zero, and what else of a rule differs from the usual."""

    waspada: float
    siaga: float
    awas: float
    hysteresis_m: NotNegative = 0.1
    hold_up_samples: Annotated[int, msgspec.Meta(ge=1)] = 2
    hold_down_minutes: NotNegative = 15
    early_siaga_minutes: NotNegative = 45


class Fault(Table, frozen=True, kw_only=True):
    """What goes wrong with a node's samples from ``from_min`` on; see :mod:`deploy.replay.faults` for each kind."""

    kind: FaultKind
    from_min: NotNegative
    for_min: Positive
    value: float = 0.0
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class Upkeep(Table, frozen=True, kw_only=True):
    """A technician says that he works at the station."""

    from_min: NotNegative
    for_min: Positive
    author: str
    reason: str


class Neighbour(Table, frozen=True, kw_only=True):
    station: str
    side: Literal["upstream", "downstream"]
    travel_minutes: NotNegative


class RainLimit(Table, frozen=True, kw_only=True):
    """``mm`` or more within ``window`` is ``level`` (1 WASPADA to 3 AWAS)."""

    window: Literal["10min", "1h", "3h", "6h", "24h"]
    mm: Positive
    level: Literal[1, 2, 3]


class HighTide(Table, frozen=True, kw_only=True):
    """Thresholds inside predicted high water, and when that is: [from minute, to minute]."""

    waspada: float
    siaga: float
    awas: float
    windows: tuple[tuple[float, float], ...]


class Place(Table, frozen=True, kw_only=True):
    """A station of the story with its one node. Without ``water`` it is a rain gauge.

    ``unseen``: the water is true and nobody measures it; what is judged there is the station's rain.
    """

    id: str
    name: str
    river: str | None = None
    datum_m: float = 6.5
    sensor: str = "radar"
    interval_s: Positive = 60
    silence_minutes: Positive = 10
    water: Water | None = None
    unseen: bool = False
    thresholds: CaseThresholds | None = None
    high_tide: HighTide | None = None
    rain_limits: tuple[RainLimit, ...] = ()
    rain: tuple[tuple[float, float, float], ...] | None = None  # from minute, for minutes, mm/h; (): a dry gauge
    noise_m: NotNegative = 0.003
    faults: tuple[Fault, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


class Truth(Table, frozen=True, kw_only=True):
    """What the author says; it is held against the water, so that a slip in the numbers is found.

    ``flood``: the true water reaches AWAS at some station.
    """

    flood: bool


class Case(Table, frozen=True, kw_only=True):
    """``start`` and what is told are in local time; minutes count from ``start``."""

    title: str  # Indonesian
    kind: Class
    start: datetime
    minutes: Positive
    stations: tuple[Place, ...]
    truth: Truth
    hazard: Literal["river", "street", "tide"] = "river"
    river: str = "Welang"  # whose shape it is; lead time is asked of the Welang's reconstructions
    reconstruction: bool = False
    source: str = ""
    name: str = ""

    @property
    def start_ms(self) -> int:
        return round(self.start.timestamp() * 1000)


def read_case(path: Path) -> Case:
    """The case in ``path``; raises :class:`CaseError`."""
    try:
        return parse_case(path.read_text("utf-8"), name=path.stem, where=str(path))
    except OSError as error:
        raise CaseError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise CaseError(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None


def parse_case(text: str, *, name: str, where: str) -> Case:
    """The case in ``text``; raises :class:`CaseError`, whose sentence begins with ``where``."""
    try:
        document = tomllib.loads(text)
        if (key := _without_end(document)) is not None:
            raise CaseError(f"{where}: {key}: write a finite number")
        case = msgspec.convert({"name": name} | document, Case)
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{where}: not valid TOML: {error}") from None
    except RecursionError:
        raise CaseError(f"{where}: not valid TOML: brackets too deep") from None
    except msgspec.ValidationError as error:
        what, _, key = str(error).partition(" - at `$")
        raise CaseError(f"{where}: {key.rstrip('`').lstrip('.') or 'top level'}: {what}") from None
    fault = fault_of(case)
    if fault is not None:
        raise CaseError(f"{where}: {fault}")
    return case


def _without_end(value: object, key: str = "") -> str | None:
    """The key of a number that is infinite or none at all."""
    if isinstance(value, float):
        return None if isfinite(value) else key
    if isinstance(value, dict):
        inner = ((each, f"{key}.{name}".lstrip(".")) for name, each in value.items())
    elif isinstance(value, list):
        inner = ((each, f"{key}[{number}]") for number, each in enumerate(value))
    else:
        return None
    return next((found for each, name in inner if (found := _without_end(each, name)) is not None), None)


def read_library(folder: Path) -> list[Case]:
    """Every case of a folder, by name; raises :class:`CaseError` also when there is none."""
    if not folder.is_dir():
        raise CaseError(f"{folder}: there is no such folder; a library is a folder of *.toml files, one case each")
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise CaseError(f"{folder}: no cases there; a library is a folder of *.toml files, one case each")
    return [read_case(path) for path in paths]


def fault_of(case: Case) -> str | None:
    """What is wrong with a case, naming the key; None when nothing is."""
    if case.start.tzinfo is None:
        return "start: give the offset too, such as 2025-11-24T10:00:00+07:00"
    if case.minutes > MOST_MINUTES:
        return f"minutes: {case.minutes:g} is more than a year; longer records are for kentongan replay FILE.csv"
    if not case.stations:
        return "stations: there is none; add [[stations]]"
    if case.reconstruction != bool(case.source):
        return "source: a reconstruction says in words which facts it keeps to, and only a reconstruction has it"
    ids = [place.id for place in case.stations]
    for number, place in enumerate(case.stations):
        fault = _fault_of_place(place, ids)
        if fault is not None:
            return f"stations[{number}] ({place.id}): {fault}"
    return None


def _fault_of_place(place: Place, ids: list[str]) -> str | None:
    if not is_id(place.id):
        return "id must be 3 to 32 of a-z, 0-9 and hyphen"
    if ids.count(place.id) > 1:
        return "id is used twice; give each station its own"
    unknown = {neighbour.station for neighbour in place.neighbours} - set(ids)
    if unknown:
        return f"neighbours: there is no station {min(unknown)!r} in this case; there are {', '.join(ids)}"
    return _fault_of_water(place) or _fault_of_thresholds(place)


def _fault_of_water(place: Place) -> str | None:
    if place.rain is None and (place.water is None or place.unseen):
        return "rain is missing: without a water level that is measured a station has a rain gauge, dry ([]) or not"
    fault = None if place.water is None else place.water.fault()
    return None if fault is None else f"water: {fault}"


def _fault_of_thresholds(place: Place) -> str | None:
    limits = place.thresholds
    if limits is not None and not limits.waspada < limits.siaga < limits.awas < place.datum_m:
        return (
            f"thresholds must rise and lie below the sensor: waspada {limits.waspada} < siaga {limits.siaga} < "
            f"awas {limits.awas} < datum_m {place.datum_m} is not so"
        )
    return None
