"""What INFO answers: how a place stands now, by SMS, from the full form to one of our own words alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from alerting import public_clauses
from alerting.public_clauses import PublicText
from alerting.public_templates import Language
from alerting.text_clauses import clock
from alerting.text_names import area_name
from broker.levels import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    stands: str
    stands_unseen: str
    undecided: str
    quiet: str
    not_set: str
    silent: str
    unwatched: str
    data: str


_WORDS: Final[Mapping[Language, _Words]] = {
    "id": _Words(
        stands="{place}: {level} banjir sejak {since}",
        stands_unseen="{place}: sedikitnya {level} banjir sejak {since}, alat tidak mengirim data",
        undecided="{place}: sedang diperiksa petugas, belum ada peringatan",
        quiet="{place}: tidak ada peringatan banjir",
        not_set="{place}: ambang belum ditetapkan",
        silent="{place}: TIDAK ADA DATA, bukan tanda aman",
        unwatched="{place}: belum ada alat pantau air di sini",
        data="{where}: {measured} ({time})",
    ),
    "en": _Words(
        stands="{place}: {level} flood warning since {since}",
        stands_unseen="{place}: at least {level} flood warning since {since}, no data come",
        undecided="{place}: being checked, no warning was given yet",
        quiet="{place}: no flood warning",
        not_set="{place}: no thresholds set yet",
        silent="{place}: NO DATA, not a sign of safety",
        unwatched="{place}: no water gauge here yet",
        data="{where}: {measured} ({time})",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStands:
    """How a place stands. ``public`` has its name, the decisive station and its value; None: nothing watches it.

    ``level`` is what people were told, since ``since`` (ms UTC). ``is_undecided``: something stands, untold.
    ``is_silent``: no station that matters gives fresh good data.
    ``is_set``: a station that matters has thresholds.
    """

    place: str
    language: Language
    timezone: str
    level: Level = Level.NORMAL
    since: int | None = None
    is_undecided: bool = False
    is_silent: bool = False
    is_set: bool = True
    public: PublicText | None = None


def state_forms(stands: PlaceStands) -> list[str]:
    """With value and trend, without them, and without the place's name."""
    zone, closing = ZoneInfo(stands.timezone), "Info 112"
    said, data = _said(stands, zone), _data(stands, zone)
    place = area_name(stands.place)
    nameless = {"id": "wilayah Anda", "en": "your area"}[stands.language]
    forms = [said.format(place=name) for name in (place or nameless, nameless)]
    full = [f"{forms[0]}. {data}. {closing}"] if data else []
    return [*full, *(f"{form}. {closing}" for form in forms)]


def _said(stands: PlaceStands, zone: ZoneInfo) -> str:
    words = _WORDS[stands.language]
    if stands.public is None:
        return words.unwatched
    if stands.level:
        since = clock(stands.since, zone) if stands.since is not None else "-"
        form = words.stands_unseen if stands.is_silent else words.stands
        return form.format(place="{place}", level=stands.level.name, since=since)
    if stands.is_undecided:
        return words.undecided
    if stands.is_silent:
        return words.silent
    return words.quiet if stands.is_set else words.not_set


def _data(stands: PlaceStands, zone: ZoneInfo) -> str:
    """Nothing without a value that was measured at a known time: a number never stands alone."""
    public = stands.public
    if public is None or public.observed_at is None:
        return ""
    measured, (where, _) = public_clauses.measured(public, zone), public_clauses.places(public)
    time = clock(public.observed_at, zone)
    if not measured:
        return ""
    return _WORDS[stands.language].data.format(where=where[:1].upper() + where[1:], measured=measured, time=time)
