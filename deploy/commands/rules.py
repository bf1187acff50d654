"""kentongan rules: what a rule would have done, before anybody puts it into force."""

import argparse
import sqlite3
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from alerting.rules import BadRules, LevelRule, StationRules, Thresholds
from broker.levels import Level
from broker.station import Station
from deploy.assembly import history_reader_of
from deploy.commands.common import Refused, add_settings, ask, open_settings
from deploy.commands.moments import day_count
from deploy.registry.limit_words import limits_in_words
from deploy.registry.looks import Part
from deploy.replay.case import LIBRARY, read_library
from deploy.replay.gate import ratio
from deploy.replay.preview import Preview, Side, past_points, preview_library, preview_past, same_but_thresholds
from deploy.replay.progress import Bar
from deploy.replay.score import Summary
from deploy.replay.timetable import local
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from ingest.history import HistoryUnavailable, Point

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
THRESHOLDS: Final = ("waspada", "siaga", "awas")
HOLDS: Final = ("hysteresis_m", "hold_up_samples", "hold_down_minutes", "early_siaga_minutes")


class RuleFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule says; what it leaves out stays as it is in force."""

    waspada: float | None = None
    siaga: float | None = None
    awas: float | None = None
    hysteresis_m: float | None = None
    hold_up_samples: int | None = None
    hold_down_minutes: float | None = None
    early_siaga_minutes: float | None = None


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    preview = verbs.add_parser("preview", help="a rule on past data and on the library, beside the one in force")
    add_settings(preview)
    preview.add_argument("station", metavar="STATION")
    for name in THRESHOLDS:
        preview.add_argument(f"--{name}", type=float, metavar="M", help="metres above the gauge's zero")
    preview.add_argument("--hysteresis-m", type=float, metavar="M")
    preview.add_argument("--hold-up-samples", type=int, metavar="N")
    preview.add_argument("--hold-down-minutes", type=float, metavar="MIN")
    preview.add_argument("--early-siaga-minutes", type=float, metavar="MIN")
    preview.add_argument("--file", type=Path, metavar="FILE.toml", help="the same keys, instead of options")
    preview.add_argument("--past", type=day_count, default=30, metavar="DAYS", help="how much of history (30 days)")
    preview.add_argument("--no-library", action="store_true", help="past data only")


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    active = msgspec.convert(ask(args, "station-show", {"id": args.station})["rules"], StationRules)
    candidate = proposed(active, _said(args))
    station = _document(state, args.station)
    points = _past(settings, state, base, args)
    _print_past(points, station, active, candidate, settings)
    if not args.no_library:
        print_library(active.level, candidate.level)
    print(f"\nTidak ada yang diubah. Untuk memberlakukannya: kentongan station change {args.station} ...")
    return 0


def proposed(active: StationRules, said: RuleFile) -> StationRules:
    """``active`` with what is said; raises Refused when the result is no rule."""
    before = active.level
    heights = {name: getattr(said, name) for name in THRESHOLDS}
    if before is not None:
        heights = {name: getattr(before.thresholds, name) if v is None else v for name, v in heights.items()}
    missing = [f"--{name}" for name, value in heights.items() if value is None]
    if missing:
        raise Refused(f"{active.station} has no thresholds yet: give {', '.join(missing)} too")
    try:
        rule = _with_holds(before, Thresholds(**heights), said)
    except BadRules as error:
        raise Refused(f"the rule for {active.station}: {error}") from None
    return msgspec.structs.replace(active, level=rule, version=active.version + 1)


def _with_holds(before: LevelRule | None, thresholds: Thresholds, said: RuleFile) -> LevelRule:
    changes: dict[str, Any] = {"thresholds": thresholds}
    if said.hysteresis_m is not None:
        changes["hysteresis_m"] = said.hysteresis_m
    if said.hold_up_samples is not None:
        changes["hold_up"] = said.hold_up_samples
    if said.hold_down_minutes is not None:
        changes["hold_down_ms"] = round(said.hold_down_minutes * MINUTE_MS)
    if said.early_siaga_minutes is not None:
        changes["early_siaga_ms"] = round(said.early_siaga_minutes * MINUTE_MS)
    return LevelRule(**changes) if before is None else msgspec.structs.replace(before, **changes)


def _said(args: argparse.Namespace) -> RuleFile:
    options = {name: getattr(args, name) for name in (*THRESHOLDS, *HOLDS) if getattr(args, name) is not None}
    if args.file is None:
        if not options:
            raise Refused("say what is to change: --waspada, --siaga, --awas, or --file rules.toml")
        return RuleFile(**options)
    if options:
        raise Refused(f"--{next(iter(options)).replace('_', '-')} and --file both say it; give one of them")
    try:
        return msgspec.convert(tomllib.loads(args.file.read_text("utf-8")), RuleFile)
    except OSError as error:
        raise Refused(f"--file {args.file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise Refused(f"--file {args.file}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        keys = ", ".join((*THRESHOLDS, *HOLDS))
        raise Refused(f"--file {args.file}: {error}; it holds {keys}") from None


def _document(state: StateFolder, station: str) -> Station:
    """The station's document, read beside core."""
    with closing(sqlite3.connect(f"file:{state.journal}?mode=ro", uri=True)) as journal:
        row = journal.execute("SELECT document FROM stations WHERE id = ?", (station,)).fetchone()
    document = msgspec.json.decode(row[0], type=Station)
    if document.datum_m is None:
        raise Refused(f"{station} measures no water level; a preview of thresholds is for stations that do")
    return document


def _past(settings: Settings, state: StateFolder, base: Path, args: argparse.Namespace) -> list[Point]:
    end = time.time_ns() // 1_000_000
    try:
        reader = history_reader_of(settings, state, base=base)
        with closing(reader):
            return past_points(reader, args.station, end - round(args.past * DAY_MS), end)
    except HistoryUnavailable as error:
        raise Refused(f"history cannot be read: {error}") from None


def _print_past(
    points: list[Point], station: Station, active: StationRules, candidate: StationRules, settings: Settings
) -> None:
    if not points:
        print(
            f"{station.name}: riwayat tidak memuat tinggi air dalam waktu itu; hanya perpustakaan kasus yang dinilai."
        )
        return
    bar = Bar(len(points), "preview")
    try:
        zone = settings.site.timezone
        found = preview_past(points, station=station, active=active, candidate=candidate, timezone=zone, progress=bar)
    finally:
        bar.close()
    for line in past_lines(found, station.name, ZoneInfo(settings.site.timezone)):
        print(line)


def past_lines(found: Preview, name: str, zone: ZoneInfo, part: Part = "level") -> Iterator[str]:
    """Both rules side by side, then each decision of either in order of time."""
    yield f"{name}, {local(found.start, zone)} sampai {local(found.end, zone)}, {found.readings} bacaan"
    yield f"{'':24}{'sekarang':>24}{'usulan':>24}"
    sides = (found.active, found.candidate)
    if part == "level":  # what rain and air are limited by is longer than a column
        yield f"{'ambang W / S / A, m':24}" + "".join(f"{limits_in_words(side.rules, part):>24}" for side in sides)
    for level in (Level.WASPADA, Level.SIAGA, Level.AWAS):
        yield f"{level.name:24}" + "".join(f"{_stood(side, level):>24}" for side in sides)
    yield f"{'peringatan':24}" + "".join(f"{side.raised:>24}" for side in sides)
    yield f"{'dalam jam terburuk':24}" + "".join(f"{side.worst_hour:>24}" for side in sides)
    told = [(at, "sekarang", decision, why) for at, decision, why in found.active.decisions]
    told += [(at, "usulan", decision, why) for at, decision, why in found.candidate.decisions]
    for at, side, decision, why in sorted(told, key=lambda one: (one[0], one[1])):
        yield f"{local(at, zone)}  {side:9} {decision.kind} {Level(decision.level).name}: {why}"


def _stood(side: Side, level: Level) -> str:
    return f"{side.times.get(level, 0)} kali, {side.minutes.get(level, 0):.0f} menit"


def print_library(active: LevelRule | None, candidate: LevelRule | None) -> None:
    """Both rules on the library of cases; thresholds alone cannot be told apart there, which is said."""
    if candidate is None:
        return
    print("\nPerpustakaan kasus: ambang milik kasusnya, sifat lain milik aturan.")
    if same_but_thresholds(active, candidate):
        print("Usulan hanya mengubah ambang, maka hasilnya sama dengan aturan sekarang: lihat kentongan score.")
        return
    cases = read_library(LIBRARY)
    if active is not None:
        print(f"{'sekarang':10}{_library_line(preview_library(cases, active))}")
    print(f"{'usulan':10}{_library_line(preview_library(cases, candidate))}")


def _library_line(summary: Summary) -> str:
    leads = summary.leads_min
    middle = f"{leads[len(leads) // 2]:.0f}" if leads else "-"
    return (
        f"{summary.detected} dari {summary.floods} banjir (POD {ratio(summary.pod)}), "
        f"{summary.false_alarms} dari {summary.alarms} peringatan palsu (FAR {ratio(summary.far)}), "
        f"AWAS palsu ke warga {summary.false_public_awas}, SIAGA {middle} menit sebelum AWAS (median)"
    )
