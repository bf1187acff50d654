"""A station as files and the command line say it, and the way from there to its document and back.

A table may leave out what is not to change: it is laid over what is known of the station. ``datum_m``, ``mm_per_tip``
and ``sound_reference_c`` are short for the last epoch; a new value begins a new one, at ``epoch_from`` or now.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from broker.station import (
    LEVEL_SERIES,
    RAIN_SERIES,
    AirLimits,
    Epoch,
    Hazard,
    HighTide,
    Neighbour,
    RainLimit,
    Station,
    Support,
    Thresholds,
)
from deploy.registry.areas import Areas, UnknownArea
from deploy.registry.type_faults import due

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Table = dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one key of one table, and the remedy."""

    key: str
    text: str


class BadTable(Exception):
    """A table that is no station; holds its faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.key}: {fault.text}" for fault in faults))
        self.faults = list(faults)


class FileThresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    waspada: float | None = None
    siaga: float | None = None
    awas: float | None = None
    hysteresis_m: float = 0.1
    hold_up_samples: int = 2
    hold_down_minutes: float = 15.0
    early_siaga_minutes: float = 45.0
    effective_from: Moment | None = None
    author: str = ""
    reason: str = ""


class FileEpoch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int
    series: str = LEVEL_SERIES
    effective_from: Moment | None = None  # None: always
    datum_m: float | None = None
    mm_per_tip: float | None = None
    sound_reference_c: float | None = None
    author: str = ""
    reason: str = ""


class FileStation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a ``[[stations]]`` table."""

    id: str
    name: str
    hazard: Hazard = "level"
    river: str | None = None
    datum: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    kelurahan: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    thresholds: FileThresholds | None = None
    impact: dict[str, str] = {}
    owner: str | None = None
    photo: str | None = None
    example: bool = False
    low_m: float = 0.0
    high_m: float | None = None
    sensor: str | None = None
    sensor_mm: tuple[float, float] | None = None
    site_m: tuple[float, float] | None = None
    silence_minutes: float = 10.0
    interval_seconds: float = 0.0
    high_tide: HighTide | None = None
    rain_limits: tuple[RainLimit, ...] = ()
    air_limits: AirLimits | None = None
    support: Support | None = None
    quality: dict[str, float] = {}
    epochs: tuple[FileEpoch, ...] = ()
    datum_m: float | UnsetType = UNSET
    mm_per_tip: float | UnsetType = UNSET
    sound_reference_c: float | UnsetType | None = UNSET
    epoch_from: Moment | None = None


_SAME: Final = tuple(
    name for name in Station.__struct_fields__ if name not in {"kelurahan", "thresholds", "epochs", "retired_at"}
)  # what a file says as the document does


def table_of(station: Station, areas: Areas) -> Table:
    """The whole station as a file says it; what has its usual value is left out."""
    document: Table = msgspec.to_builtins(station)
    table = {name: document[name] for name in _SAME if name in document}
    if station.kelurahan:
        table["kelurahan"] = [_area_in_file(code, areas) for code in station.kelurahan]
    if station.thresholds is not None:
        table["thresholds"] = _with_moment(document["thresholds"])
    if station.epochs:
        table["epochs"] = [_with_moment(epoch) for epoch in document["epochs"]]
    return table


def _area_in_file(code: str, areas: Areas) -> str:
    area = areas.get(code)
    return area.name if area is not None and area.kind == "kelurahan" else code


def _with_moment(document: Table) -> Table:
    since = document.pop("effective_from")
    return document | ({"effective_from": moment_text(since)} if since else {})


def moment_text(at: int) -> str:
    """Milliseconds as ISO 8601 in UTC."""
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace(".000+", "+")


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def laid_over(known: Table, table: Table) -> Table:
    """``table`` over ``known``, its tables key by key; None, or a table of which nothing is left, takes a key away."""
    merged = dict(known)
    for key, value in table.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = laid_over(merged.get(key, {}), value)
        else:
            merged[key] = value
    if "sound_reference_c" in table:  # "none" is a value of it
        merged["sound_reference_c"] = table["sound_reference_c"]
    return {key: value for key, value in merged.items() if value != {}}


def station_of(table: Table, before: Station | None, areas: Areas, *, now: int, author: str, reason: str) -> Station:
    """The document that ``table`` makes of ``before``; raises BadTable. Not yet checked for sense."""
    known = {} if before is None else table_of(before, areas)
    try:
        said = msgspec.convert(laid_over(known, table), FileStation)
    except msgspec.ValidationError as error:
        raise BadTable(_fault(str(error))) from None
    by = _By(now=now, author=author, reason=reason)
    return Station(
        **{name: getattr(said, name) for name in _SAME},
        kelurahan=_codes(said.kelurahan, areas),
        thresholds=_thresholds(said.thresholds, before, now),
        epochs=_epochs(said, before, by),
    )


def _fault(error: str) -> Fault:
    what, _, where = error.partition(" - at `$")
    key = where.rstrip("`").lstrip(".")
    if "datetime" in what or "timezone" in what:
        return Fault(key, "write a moment with its offset from UTC, as 2026-01-31T07:00:00+07:00")
    if "unknown field" in what:
        name = re.findall(r"`([^`]+)`", what)[0]
        return Fault(f"{key}.{name}".lstrip("."), "there is no such key; see kentongan station sample")
    if "missing required field" in what:
        name = re.findall(r"`([^`]+)`", what)[0]
        return Fault(f"{key}.{name}".lstrip("."), "is missing")
    return Fault(key or "table", due(what, key))


def _codes(names: tuple[str, ...], areas: Areas) -> tuple[str, ...]:
    faults, codes = [], []
    for name in names:
        try:
            codes.append(areas.code_of(name))
        except UnknownArea as error:
            faults.append(Fault("kelurahan", str(error)))
    if faults:
        raise BadTable(*faults)
    return tuple(codes)


def _thresholds(said: FileThresholds | None, before: Station | None, now: int) -> Thresholds | None:
    if said is None:
        return None
    if said.waspada is None or said.siaga is None or said.awas is None:
        raise BadTable(Fault("thresholds", "waspada, siaga and awas are given together or not at all"))
    since = None if said.effective_from is None else milliseconds(said.effective_from)
    made = Thresholds(
        waspada=said.waspada,
        siaga=said.siaga,
        awas=said.awas,
        hysteresis_m=said.hysteresis_m,
        hold_up_samples=said.hold_up_samples,
        hold_down_minutes=said.hold_down_minutes,
        early_siaga_minutes=said.early_siaga_minutes,
        effective_from=now if since is None else since,
        author=said.author,
        reason=said.reason,
    )
    known = None if before is None else before.thresholds
    if known is None or known.effective_from != since or made == known:
        return made
    # Other values under the old date would say that they had held since then.
    return msgspec.structs.replace(made, effective_from=now)


class _By(msgspec.Struct, frozen=True, kw_only=True):
    now: int
    author: str
    reason: str


def _epochs(said: FileStation, before: Station | None, by: _By) -> tuple[Epoch, ...]:
    epochs = [_epoch(epoch) for epoch in said.epochs]
    known = [] if before is None else list(before.epochs)
    shorthand = (said.datum_m, said.mm_per_tip, said.sound_reference_c) != (UNSET, UNSET, UNSET)
    if shorthand and epochs != known:
        raise BadTable(Fault("epochs", "give either epochs, or datum_m, mm_per_tip and sound_reference_c; not both"))
    begun = [*_begun_level(said, epochs, by), *_begun_rain(said, epochs, by)]
    if said.epoch_from is not None and not begun:
        raise BadTable(Fault("epoch_from", "no epoch begins then: the calibration is as it was; leave it out"))
    return (*epochs, *begun)


def _epoch(said: FileEpoch) -> Epoch:
    since = 0 if said.effective_from is None else milliseconds(said.effective_from)
    fields = {name: getattr(said, name) for name in FileEpoch.__struct_fields__}
    return Epoch(**(fields | {"effective_from": since}))


def _begun_level(said: FileStation, epochs: list[Epoch], by: _By) -> list[Epoch]:
    last = _last(epochs, LEVEL_SERIES)
    datum_m = last.datum_m if last is not None and said.datum_m is UNSET else said.datum_m
    reference = said.sound_reference_c
    if reference is UNSET:
        reference = None if last is None else last.sound_reference_c
    if datum_m is UNSET or datum_m is None:
        return []
    if last is not None and (last.datum_m, last.sound_reference_c) == (datum_m, reference):
        return []
    return [_next(last, LEVEL_SERIES, said, by, datum_m=datum_m, sound_reference_c=reference)]


def _begun_rain(said: FileStation, epochs: list[Epoch], by: _By) -> list[Epoch]:
    last = _last(epochs, RAIN_SERIES)
    if said.mm_per_tip is UNSET or (last is not None and last.mm_per_tip == said.mm_per_tip):
        return []
    return [_next(last, RAIN_SERIES, said, by, mm_per_tip=said.mm_per_tip)]


def _last(epochs: list[Epoch], series: str) -> Epoch | None:
    return max((epoch for epoch in epochs if epoch.series == series), key=lambda epoch: epoch.number, default=None)


def _next(last: Epoch | None, series: str, said: FileStation, by: _By, **values: Any) -> Epoch:
    """The first epoch of a series has always counted; a further one begins at ``epoch_from`` or now."""
    since = by.now if last is not None else 0
    if said.epoch_from is not None:
        since = milliseconds(said.epoch_from)
    number = 1 if last is None else last.number + 1
    return Epoch(number=number, series=series, effective_from=since, author=by.author, reason=by.reason, **values)
