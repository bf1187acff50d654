"""What the journal keeps of one station, read for its page by the web process: core is not asked and not held up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from alerting.web.station.dossier import (
    Calibration,
    Comparison,
    Dossier,
    Episode,
    Limits,
    NearStation,
    RecordsUnavailable,
    Rule,
    ServingNode,
    Sighting,
)
from broker.levels import Level
from broker.station import Station
from broker.station import Thresholds as StationThresholds

MOST: Final = 50  # rows of each kind on a page
PATIENCE_S: Final = 2.0
_VERSIONS: Final = "SELECT document FROM registry_versions WHERE kind = 'station' AND name = ? ORDER BY version"
# Whoever names it as a neighbour; the document is compact JSON, and an id holds nothing that JSON would escape.
_NEAR: Final = """SELECT id, document FROM stations WHERE instr(document, '"station":"' || ? || '"')"""
_GAUGE: Final = (
    "SELECT time, level_m, sensor_m, read_by, note FROM staff_gauge WHERE station = ? ORDER BY time DESC LIMIT ?"
)
_NODES: Final = (
    "SELECT id, hardware, firmware, gateway, last_arrival, note FROM nodes LEFT JOIN node_states ON node = id "
    "WHERE station = ? AND revoked_at IS NULL ORDER BY id LIMIT ?"
)
_SIGHTINGS: Final = (
    "SELECT id, time, seen_by, note, photo FROM sightings WHERE station = ? AND removed_at IS NULL "
    "ORDER BY time DESC, id DESC LIMIT ?"
)
_RULES: Final = "SELECT max(version) FROM rules WHERE station = ?"
# By the name's beginning, which is indexed.
_ALERTS: Final = (
    "SELECT alert, hazard, kind, level, decided_at FROM alerts WHERE alert >= ? AND alert < ? ORDER BY alert, version"
)


class JournalRecords:
    """Opened anew for each page, with no lock on the writer's side."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def dossier(self, station: str) -> Dossier | None:
        with self._reading() as journal:
            found = [msgspec.json.decode(row[0], type=Station) for row in journal.execute(_VERSIONS, (station,))]
            if not found:
                return None
            now = found[-1]
            return Dossier(
                name=now.name,
                retired_at=now.retired_at,
                limits=_limits(found),
                calibrations=_calibrations(now),
                comparisons=_rows(journal, Comparison, _GAUGE, station),
                near=_near(now, journal.execute(_NEAR, (station,))),
                nodes=_rows(journal, ServingNode, _NODES, station),
                sightings=_rows(journal, Sighting, _SIGHTINGS, station),
                rule=_rule(now, journal.execute(_RULES, (station,)).fetchone()[0]),
            )

    def episodes(self, station: str, start: int, end: int) -> list[Episode]:
        with self._reading() as journal:
            rows = journal.execute(_ALERTS, (f"{station}.", f"{station}/")).fetchall()
        found = [each for each in _episodes(rows) if each.start < end and (each.end is None or each.end > start)]
        return sorted(found, key=lambda each: each.start)

    def _reading(self) -> "_Reading":
        return _Reading(self._journal)


class _Reading:
    """A journal open for reading; what goes wrong with it is one sentence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=PATIENCE_S)
        except sqlite3.Error as error:
            raise RecordsUnavailable(_sentence(error)) from None
        return self._connection

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        with closing(self._connection):
            if isinstance(error, sqlite3.Error):
                raise RecordsUnavailable(_sentence(error)) from None


def _sentence(error: sqlite3.Error) -> str:
    return f"Catatan stasiun tidak dapat dibaca dari jurnal ({error})."


def _rows(journal: sqlite3.Connection, kind: type[Any], statement: str, station: str) -> list[Any]:
    names = list(kind.__dataclass_fields__)
    return [kind(**dict(zip(names, row, strict=True))) for row in journal.execute(statement, (station, MOST))]


def _limits(versions: list[Station]) -> list[Limits]:
    """Each set of thresholds once, the newest first."""
    found: list[StationThresholds] = []
    for version in versions:
        if version.thresholds is not None and (not found or found[-1] != version.thresholds):
            found.append(version.thresholds)
    return [
        Limits(
            since=each.effective_from,
            metres={"WASPADA": each.waspada, "SIAGA": each.siaga, "AWAS": each.awas},
            author=each.author,
            reason=each.reason,
        )
        for each in reversed(found)
    ]


def _calibrations(station: Station) -> list[Calibration]:
    return [
        Calibration(
            number=each.number,
            series=each.series,
            since=each.effective_from or None,
            datum_m=each.datum_m,
            mm_per_tip=each.mm_per_tip,
            author=each.author,
            reason=each.reason,
        )
        for each in sorted(station.epochs, key=lambda epoch: (epoch.series, -epoch.number))
    ]


def _near(station: Station, rows: Iterator[tuple[str, str]]) -> list[NearStation]:
    """Naming a neighbour once, on either side, is enough; what the station says itself comes first."""
    found = {
        each.station: NearStation(
            station=each.station, is_upstream=each.side == "upstream", minutes=each.travel_minutes
        )
        for each in station.neighbours
    }
    for name, document in rows:
        for each in msgspec.json.decode(document, type=Station).neighbours:
            if each.station == station.id and name not in found:
                found[name] = NearStation(
                    station=name, is_upstream=each.side == "downstream", minutes=each.travel_minutes
                )
    far_first = sorted((each for each in found.values() if each.is_upstream), key=lambda each: -each.minutes)
    return far_first + sorted((each for each in found.values() if not each.is_upstream), key=lambda each: each.minutes)


def _rule(station: Station, version: int | None) -> Rule | None:
    if version is None:
        return None
    limits = station.thresholds
    if limits is None:
        return Rule(version=version, silence_minutes=station.silence_minutes)
    return Rule(
        version=version,
        hysteresis_m=limits.hysteresis_m,
        hold_up_samples=limits.hold_up_samples,
        hold_down_minutes=limits.hold_down_minutes,
        early_siaga_minutes=limits.early_siaga_minutes,
        silence_minutes=station.silence_minutes,
    )


def _episodes(rows: list[tuple[str, str, str, int, int]]) -> Iterator[Episode]:
    """Versions of alerts as stretches of one level each."""
    standing: tuple[str, str, int, int] | None = None  # alert, hazard, level, since
    for alert, hazard, kind, level, decided_at in rows:
        if standing is not None:
            is_same = standing[0] == alert
            yield _episode(standing, decided_at if is_same else None)
        standing = None if kind in ("ended", "cancelled") else (alert, hazard, level, decided_at)
    if standing is not None:
        yield _episode(standing, None)


def _episode(standing: tuple[str, str, int, int], end: int | None) -> Episode:
    alert, hazard, level, since = standing
    return Episode(alert=alert, hazard=hazard, level=Level(level).name, start=since, end=end)
