"""Why a station stands where it stands: sentences from its state and from what was stored, no rule run again. Pure."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final

from alerting.engine import StationState
from alerting.engine_people import WITHOUT_END
from alerting.episodes import Episode
from alerting.explain import clock_time, metres, number
from alerting.rules import StationRules
from broker.levels import Level
from broker.live import AirView
from broker.quality_flags import Flag, explain_flag
from broker.station import Station
from deploy.alerts.alert_records import Version
from deploy.live.views import state_of
from ingest.readings import Reading

Stored = dict[str, Version | None]
"""The last decision about each hazard."""

_NAMES: Final = {
    "level_m": "tinggi air",
    "rain_mm": "hujan",
    "pm25_ugm3": "PM2,5",
    "pm10_ugm3": "PM10",
    "temperature_c": "suhu",
    "humidity_pct": "kelembapan",
    "battery_mv": "baterai",
    "staff_gauge_m": "peilschaal",
}


def standing(
    station: Station,
    state: StationState,
    rules: StationRules,
    latest: Iterable[Reading],
    stored: Stored,
    *,
    now: int,
    zone: tzinfo,
    air: AirView | None = None,
) -> list[str]:
    """What it says, what was last decided, its last readings, its silence, and what keeps messages back."""
    readings = list(latest)
    return [
        _says(station, state, state_of(state, rules, air).value, zone),
        *_decided(state, rules, stored),
        *_readings(readings, rules, zone),
        *_silence(state, stored),
        *_maintenance(state, zone),
        *_decided_by_people(state, now, zone),
    ]


def _says(station: Station, state: StationState, says: str, zone: tzinfo) -> str:
    if state.level and says != Level(state.level).name:
        says += f", levelnya tetap {'sedikitnya ' if state.silent_since is not None else ''}{Level(state.level).name}"
    since = f" sejak {clock_time(state.level_since, zone)}" if state.level and state.level_since else ""
    unverified = ", belum terverifikasi" if state.verified_level < state.level else ""
    return f"{station.name}: {says}{since}{unverified}."


def _decided(state: StationState, rules: StationRules, stored: Stored) -> Iterator[str]:
    level = stored.get("level")
    if level is not None:
        yield f"Keputusan terakhir: {level.why}"
    elif rules.level is not None:
        yield "Belum pernah ada peringatan tinggi air di sini."
    if rules.level is None and rules.quantity == "level_m":
        yield "Ambang belum ditetapkan, jadi tidak ada level dari tinggi air."
    for hazard, word, episode in (("rain", "Hujan", state.rain), ("air", "Udara", state.air)):
        version = stored.get(hazard)
        if version is not None and _stands(episode):
            yield f"{word}: {version.why}"


def _stands(episode: Episode | None) -> bool:
    return episode is not None and episode.level > Level.NORMAL


def _readings(readings: list[Reading], rules: StationRules, zone: tzinfo) -> Iterator[str]:
    """The reading that decides, and each that quality control doubts."""
    main = next((reading for reading in readings if reading.quantity == rules.quantity), None)
    if main is None:
        yield "Belum ada pembacaan sejak layanan dimulai."
    elif main.flag == Flag.GOOD:
        yield f"Pembacaan terakhir baik: {_value(main)} pukul {clock_time(main.time, zone)}."
    for reading in readings:
        if reading.flag not in (Flag.GOOD, Flag.NOT_EVALUATED):
            value = "" if reading.value is None else f" {_value(reading)}"
            name = _NAMES.get(reading.quantity, reading.quantity)
            said = explain_flag(reading.flag, reading.reason)
            yield f"Pembacaan {name}{value} pukul {clock_time(reading.time, zone)}: {said[0].lower()}{said[1:]}"


def _value(reading: Reading) -> str:
    if reading.value is None:
        return "tidak ada nilai"
    return metres(reading.value) if reading.quantity.endswith("_m") else number(reading.value)


def _silence(state: StationState, stored: Stored) -> Iterator[str]:
    silence = stored.get("data")
    if state.last_seen is None:
        yield "Stasiun ini belum pernah mengirim data baik."
    elif state.silent_since is not None and silence is not None:
        yield f"Diam: {silence.why}"


def _maintenance(state: StationState, zone: tzinfo) -> Iterator[str]:
    work = state.maintenance
    if work is not None:
        yield (
            f"Pemeliharaan oleh {work.by} dari {clock_time(work.since, zone)} sampai {clock_time(work.until, zone)} "
            f"({work.reason}): publik tidak diberi peringatan dari stasiun ini."
        )


def _decided_by_people(state: StationState, now: int, zone: tzinfo) -> Iterator[str]:
    """A level that somebody holds, or that somebody said is not so."""
    manual = state.manual
    if manual is None or now >= manual.until:
        return
    end = until(manual.until, zone)
    at = clock_time(manual.at, zone)
    if manual.least and state.level >= manual.least:
        yield f"{manual.by} menetapkan {Level(manual.least).name} pukul {at}; berlaku {end}."
    elif manual.most:
        yield f"{manual.by} menurunkan {Level(manual.most).name} pukul {at}; level itu ditahan {end}."


def until(at: int, zone: tzinfo) -> str:
    """How long somebody's decision counts."""
    return "sampai ada yang menurunkannya" if at == WITHOUT_END else f"sampai {clock_time(at, zone)}"
