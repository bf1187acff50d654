"""kentongan station observe: what a person read from the staff gauge, beside what the sensor said."""

import argparse
from pathlib import Path
from time import time_ns
from typing import Any

from broker.quality_flags import Flag
from deploy.assembly import history_reader_of
from deploy.commands import alert_text
from deploy.commands.common import Asking, add_settings, open_settings
from deploy.commands.moments import milliseconds
from deploy.registry.drift import TOGETHER_MS
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from ingest.history import HistoryUnavailable


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--level", type=float, required=True, metavar="M", help="metres on the gauge")
    parser.add_argument("--at", metavar="TIME", help="when: 07:00 (today) or 2026-01-31T07:00:00+07:00 (now)")
    parser.add_argument("--by", default="", metavar="NAME", help="who read it")
    parser.add_argument("--note", default="", metavar="TEXT")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    arguments: dict[str, Any] = {"id": args.id, "level_m": args.level, "by": args.by, "note": args.note}
    if args.at is not None:
        at = arguments["at"] = milliseconds(args.at, settings.site.timezone, "--at")
        if at < time_ns() // 1_000_000 - TOGETHER_MS:
            arguments |= _sensor_then(settings, state, base, args.id, at)
    with Asking(settings, state) as core:
        answer = core("station-observe", arguments)
    _tell(args.level, answer)
    return 0


def _sensor_then(settings: Settings, state: StateFolder, base: Path, station: str, at: int) -> dict[str, float]:
    """The sensor's level nearest to a moment that is past, from history."""
    try:
        reader = history_reader_of(settings, state, base=base)
        try:
            points = reader.range(station, "level_m", at - TOGETHER_MS, at + TOGETHER_MS + 1, 10_000)
        finally:
            reader.close()
    except HistoryUnavailable as error:
        print(f"history cannot say what the sensor read then ({error}); the gauge's reading is kept without it")
        return {}
    usable = [p for p in points if p.value is not None and p.flag not in (Flag.FAIL, Flag.MISSING)]
    nearest = min(usable, key=lambda point: abs(point.time - at), default=None)
    return {} if nearest is None or nearest.value is None else {"sensor_m": nearest.value}


def _tell(level_m: float, answer: dict[str, Any]) -> None:
    if answer["decided"]:
        print(alert_text.decided(answer))
    if answer["sensor_m"] is None:
        print(f"{level_m:.2f} m is kept; the sensor said nothing within 15 minutes of it")
        return
    print(
        f"{level_m:.2f} m is kept; the sensor said {answer['sensor_m']:.2f} m ({answer['sensor_m'] - level_m:+.2f} m)"
    )
    drift = answer["drift"]
    if drift is not None:
        print(f"drift: {drift['drift_m']:+.3f} m over the last {drift['compared']} comparisons")
