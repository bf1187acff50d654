"""kentongan replay: what the engine makes of a case, a scenario or a gauge's record, at full speed."""

import argparse
import sys
from math import inf
from pathlib import Path
from typing import Final

from broker.quality_flags import Flag
from deploy.commands.common import Refused, refuse_folder
from deploy.replay.case import LIBRARY, Case, CaseError, CaseThresholds, read_case
from deploy.replay.gauge_csv import ANY_SENSOR, METRES, GaugeError, Layout, Told, read_gauge
from deploy.replay.progress import Bar
from deploy.replay.recording import Recording
from deploy.replay.run import Outcome, play
from deploy.replay.sampling import recording_of
from deploy.replay.story import demo_thresholds, story
from deploy.replay.timetable import timetable
from firmware_sim.field import load, scenario_names

NEEDED: Final = ("time_column", "unit", "timezone", "thresholds")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="WHAT", help="a case (FILE.toml or a name of the library), a scenario, or FILE.csv"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw level, thresholds, flags, rain and messages"
    )
    parser.add_argument("--no-flags", action="store_true", help="leave quality flags out of the timetable")
    gauge = parser.add_argument_group("a gauge's record (FILE.csv): all of it is given, nothing is guessed")
    gauge.add_argument("--time-column", action="append", metavar="NAME", help="repeat it where date and time are apart")
    value = gauge.add_mutually_exclusive_group()
    value.add_argument("--level-column", metavar="NAME", help="metres and the like above the gauge's zero")
    value.add_argument("--distance-column", metavar="NAME", help="from the sensor down to the water")
    gauge.add_argument("--unit", choices=tuple(METRES), help="of that column")
    gauge.add_argument("--datum-m", type=float, metavar="M", help="the sensor's height above zero, for a distance")
    gauge.add_argument(
        "--sensor",
        choices=("a02yyuw", "jsn-sr04t", "maxbotix", "radar"),
        help="for a distance: whose codes it holds; without it 0, -1, 5000, 9999, 10000 and 65535 mm are no distances",
    )
    gauge.add_argument("--timezone", metavar="ZONE", help="of the times, such as Asia/Jakarta or UTC")
    gauge.add_argument("--thresholds", metavar="W,S,A", help="WASPADA,SIAGA,AWAS in metres above zero")
    gauge.add_argument("--time-format", metavar="FORMAT", help="such as %%d/%%m/%%Y %%H:%%M, when it is not ISO 8601")
    gauge.add_argument("--where", metavar="COLUMN=TEXT", help="only rows with this text: one gauge of several")
    gauge.add_argument("--skip-lines", type=int, default=0, metavar="N", help="lines before the header")
    gauge.add_argument("--remarks", action="store_true", help="drop letters after a number, such as 11.57P")
    gauge.add_argument("--silence-minutes", type=float, metavar="N", help="(three usual steps, at least 10 minutes)")


def run(args: argparse.Namespace) -> int:
    if args.plot is not None:
        refuse_folder("--plot", args.plot)
    try:
        recording = _recording(args)
        outcome = _played(recording)
    except (CaseError, GaugeError) as error:
        raise Refused(str(error)) from None
    print(f"{recording.title}: contoh, bukan angka resmi.")
    for line in timetable(outcome, flags=not args.no_flags):
        print(line)
    print(summary(outcome))
    if args.plot is not None:
        _draw(outcome, args.plot)
    return 0


def summary(outcome: Outcome) -> str:
    """How much was read and said."""
    flagged = sum(len(track.flags) - track.flags.count(Flag.GOOD) for track in outcome.tracks.values())
    readings = sum(len(track.flags) for track in outcome.tracks.values())
    return (
        f"{readings} bacaan, {flagged} tidak baik, {outcome.counts['duplicates']} rangkap; "
        f"{len(outcome.decisions)} keputusan, {len(outcome.messages)} pesan."
    )


def _played(recording: Recording) -> Outcome:
    bar = Bar(recording.count, "replay")
    try:
        return play(recording, progress=bar)
    finally:
        bar.close()


def _draw(outcome: Outcome, path: Path) -> None:
    from deploy.replay.plot import draw  # noqa: PLC0415  only who wants a picture waits for matplotlib

    try:
        draw(outcome, path)
    except (OSError, ValueError) as error:
        raise Refused(f"--plot {path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    print(f"gambar: {path}")


def _recording(args: argparse.Namespace) -> Recording:
    path = Path(args.what)
    if path.suffix.lower() == ".csv":
        recording, told = read_gauge(path, _layout(args))
        _tell(told)
        return recording
    _refuse_gauge_options(args)
    return recording_of(_case(args.what))


def _case(what: str) -> Case:
    if what in scenario_names():
        return story(load(what), demo_thresholds())
    path = Path(what) if what.endswith(".toml") else LIBRARY / f"{what}.toml"
    if not path.exists():
        names = ", ".join(scenario_names())
        raise Refused(f"there is no file, scenario or case {what!r}; scenarios are {names}; see kentongan score --list")
    return read_case(path)


def _layout(args: argparse.Namespace) -> Layout:
    missing = [f"--{name.replace('_', '-')}" for name in NEEDED if getattr(args, name) is None]
    if args.level_column is None and args.distance_column is None:
        missing.append("--level-column or --distance-column")
    if missing:
        raise Refused(f"{args.what}: {', '.join(missing)} missing: how a record is to be read is given, never guessed")
    return Layout(
        time=tuple(args.time_column),
        value=args.level_column or args.distance_column,
        series="level_m" if args.level_column else "distance_mm",
        unit=args.unit,
        timezone=args.timezone,
        thresholds=parse_thresholds(args.thresholds),
        datum_m=args.datum_m,
        sensor=args.sensor or ANY_SENSOR,
        time_format=args.time_format,
        where=_where(args.where),
        skip_lines=args.skip_lines,
        remarks=args.remarks,
        silence_minutes=args.silence_minutes,
    )


def _refuse_gauge_options(args: argparse.Namespace) -> None:
    given = [
        name
        for name in (*NEEDED, "level_column", "distance_column", "datum_m", "sensor", "where")
        if getattr(args, name)
    ]
    if given:
        raise Refused(f"--{given[0].replace('_', '-')} is for FILE.csv only; {args.what!r} says these things itself")


def parse_thresholds(text: str) -> CaseThresholds:
    """``3.5,4.5,5.5``; raises Refused."""
    try:
        waspada, siaga, awas = (float(part) for part in text.split(","))
    except ValueError:
        raise Refused(f"--thresholds {text!r} is not WASPADA,SIAGA,AWAS in metres, such as 3.5,4.5,5.5") from None
    if not -inf < waspada < siaga < awas < inf:
        raise Refused(f"--thresholds {text!r} must rise from WASPADA to AWAS, in metres")
    return CaseThresholds(waspada=waspada, siaga=siaga, awas=awas)


def _where(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    column, sign, value = text.partition("=")
    if not sign:
        raise Refused(f"--where {text!r} is not COLUMN=TEXT")
    return column, value


def _tell(told: Told) -> None:
    """What was left out of the record, on stderr."""
    for sentence in told.named:
        print(f"  {sentence}", file=sys.stderr)
    print(
        f"{told.rows} rows read: {told.bad} not usable, {told.duplicates} duplicates, {told.unsorted} out of order",
        file=sys.stderr,
    )
