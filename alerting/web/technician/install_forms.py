"""What somebody typed or pressed in the wizard, as core's command asks it; what is wrong is one sentence. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from alerting.web.catalogue import tr
from alerting.web.station import typed
from alerting.web.station.typed import Mistyped
from broker.live import StationView

Field = Callable[[str], str]
HAZARDS: Final = ("level", "tide", "rain", "air")
_is_bare: Final = re.compile(r"[A-Za-z0-9-]{3,32}").fullmatch


def is_bare(code: str) -> bool:
    """Whether somebody typed the node's name that stands in large letters on the label, and not the whole code."""
    return _is_bare(code.strip()) is not None


def bare(code: str) -> str:
    return code.strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A station that can be chosen; degrees are None where nobody has said where it is."""

    id: str
    name: str
    latitude: float | None
    longitude: float | None


def choices(stations: Iterable[StationView]) -> list[Choice]:
    found = [each for each in stations if not each.retired]
    return [
        Choice(id=each.id, name=each.name, latitude=each.latitude, longitude=each.longitude)
        for each in sorted(found, key=lambda each: each.name)
    ]


def degrees(said: str, *, of: str, most: float) -> float | None:
    """``-7,645`` or ``-7.645``; None when nothing was said."""
    text = said.strip().replace("−", "-").replace(",", ".")  # noqa: RUF001 - phones write it
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,12})?", text) or abs(float(text)) > most:
        raise Mistyped(tr("{field}: tulis derajat, misalnya -7,645.", field=of))
    return round(float(text), 6)


def _station(field: Field) -> dict[str, Any]:
    place = _place(field)
    if field("aksi") != "buat":
        chosen = field("stasiun")
        if not chosen:
            raise Mistyped(tr("Pilih stasiunnya, atau buat yang baru."))
        return {"station": chosen, **(place if field("pakai_posisi") else {})}
    if field("jenis") not in HAZARDS:
        raise Mistyped(tr("Pilih apa yang diukur stasiun ini."))
    table: dict[str, Any] = {"name": field("nama"), "hazard": field("jenis"), "river": field("sungai"), **place}
    if field("datum"):
        table["datum_m"] = typed.metres(field("datum"))
    return {"new": table}


def _place(field: Field) -> dict[str, float]:
    latitude = degrees(field("lintang"), of=tr("Lintang"), most=90)
    longitude = degrees(field("bujur"), of=tr("Bujur"), most=180)
    if (latitude is None) != (longitude is None):
        raise Mistyped(tr("Lintang dan bujur diisi bersama, atau kosong keduanya."))
    return {} if latitude is None or longitude is None else {"latitude": latitude, "longitude": longitude}


def _gauge(field: Field) -> dict[str, Any]:
    if field("hapus"):
        if not field("hapus").isdecimal():
            raise Mistyped(tr("Bacaan itu tidak dikenal."))
        return {"remove": int(field("hapus"))}
    if field("aksi") == "terapkan":
        return {"apply": True}
    age = field("umur")
    return {"level_m": typed.metres(field("tinggi")), "age_s": int(age) if age.isdecimal() and len(age) < 9 else 0}


def _siren(field: Field) -> dict[str, Any]:
    if field("aksi") == "uji":
        return {"start": True}
    return {"seen": "yes" if field("lampu") == "ya" else "no"}


READ: Final[dict[str, Callable[[Field], dict[str, Any]]]] = {
    "stasiun": _station,
    "langsung": lambda field: {"ask": field("aksi") == "minta"},
    "papan-duga": _gauge,
    "tegak": lambda field: {"checked": field("periksa") == "ya"},
    "sinyal": lambda field: {"start": field("aksi") == "mulai"},
    "daya": lambda _: {},
    "sirene": _siren,
    "ambang": lambda field: {"read": field("baca") == "ya"},
}
