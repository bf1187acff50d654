"""What a change of rules would have done, printed before the change is made: core refuses one that nobody has seen."""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from deploy.assembly import history_reader_of
from deploy.commands.common import Asking, Refused
from deploy.commands.rules import DAY_MS, past_lines, print_library
from deploy.registry.limit_words import limits_in_words
from deploy.registry.looks import Change, Part
from deploy.replay.preview import past_points, preview_past
from deploy.replay.progress import Bar
from ingest.history import HistoryUnavailable, Point


def show(tables: Sequence[dict[str, Any]], *, core: Asking, base: Path, past_days: float) -> bool:
    """Print, for every known station whose rules ``tables`` change, both rules on its past; core is told of it.

    Whether there is any. Faults of the tables are left to the change itself. Nothing is changed.
    """
    looks = core("rules-look", {"stations": list(tables)})["looks"]
    for look in looks:
        change = msgspec.convert(look, Change)
        for part in change.parts:
            _show_part(change, part, core=core, base=base, past_days=past_days)
        core("rules-looked", {"station": change.id, "fingerprint": change.fingerprint})
    return bool(looks)


def ask_person() -> None:
    """At a terminal, whoever has read it says so; raises Refused otherwise. A script has decided before."""
    if sys.stdin.isatty() and input("Berlakukan? Tulis ya: ").strip().lower() != "ya":
        raise Refused("nothing was changed")


def _show_part(change: Change, part: Part, *, core: Asking, base: Path, past_days: float) -> None:
    print(f"{change.station.name}: sekarang {limits_in_words(change.active, part)}")
    print(f"{change.station.name}: usulan {limits_in_words(change.candidate, part)}")
    zone, points = core.settings.site.timezone, _past(change, part, core=core, base=base, past_days=past_days)
    if not points:
        print("Riwayat tidak memuat bacaannya dalam waktu itu: usulan ini tidak diuji pada datanya sendiri.")
    else:
        bar = Bar(len(points), "preview")
        try:
            found = preview_past(
                points,
                station=change.station,
                active=change.active,
                candidate=change.candidate,
                timezone=zone,
                part=part,
                progress=bar,
            )
        finally:
            bar.close()
        for line in past_lines(found, change.station.name, ZoneInfo(zone), part):
            print(line)
    if part == "level" and change.active.level is not None:  # the first limits of a station leave the rule as it is
        print_library(change.active.level, change.candidate.level)


def _past(change: Change, part: Part, *, core: Asking, base: Path, past_days: float) -> list[Point]:
    """Without history there is nothing to try it on, which is said; a flood does not wait for a data base."""
    if part == "level" and change.station.datum_m is None:
        return []
    end = time.time_ns() // 1_000_000
    try:
        with closing(history_reader_of(core.settings, core.state, base=base)) as reader:
            return past_points(reader, change.id, end - round(past_days * DAY_MS), end, part)
    except HistoryUnavailable as error:
        print(f"history cannot be read ({error})")
        return []
