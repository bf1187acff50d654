"""kentongan history backfill: the journal once more, or the CSV of an existing logger, into history."""

import argparse
import hashlib
import sqlite3
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from broker.station import Station
from broker.units import UNITS, BadUnit, ratio, unit_of
from deploy.assembly import history_of
from deploy.commands.common import Refused, open_settings
from deploy.commands.history_export import INTERRUPTED, add_settings_again
from deploy.replay.progress import Bar
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from ingest.follower import Follower, Pace
from ingest.history import Cursor, History, HistoryUnavailable
from ingest.history_import import Imported, Source, import_lines
from ingest.history_lock import HistoryInUse, WriterLock
from ingest.history_sqlite import SqliteHistory
from ingest.journal_tail import JournalMissing, JournalTail
from ingest.logger_csv import NAMED, BadCsv, CsvForm, CsvLines, read
from ingest.rollups import DAY_MS

SUMMARY: Final = "feed the journal, or the CSV of an existing logger, into history; a stopped run goes on when repeated"


def add(parser: argparse.ArgumentParser) -> None:
    add_settings_again(parser)
    parser.add_argument("csv", type=Path, nargs="?", metavar="CSV", help="the logger's file")
    parser.add_argument("--from-journal", action="store_true", help="feed the readings that the journal still holds")
    parser.add_argument("--into", type=Path, metavar="FILE", help="with --from-journal: another SQLite history file")
    logger = parser.add_argument_group("what the CSV is; nothing of it is guessed")
    logger.add_argument("--station", metavar="ID")
    logger.add_argument("--quantity", metavar="NAME", help="what it means at the station: level_m, rain_mm ...")
    logger.add_argument("--time-column", metavar="NAME")
    logger.add_argument("--value-column", metavar="NAME")
    logger.add_argument(
        "--flag-column", metavar="NAME", help="QARTOD flags; without it every reading is 2, not evaluated"
    )
    logger.add_argument("--unit", choices=UNITS, help="of the values in the file")
    logger.add_argument("--timezone", metavar="ZONE", help="of times without an offset, like Asia/Jakarta or UTC")
    logger.add_argument("--time-format", metavar="FORMAT", help="like %%d/%%m/%%Y %%H:%%M; without it ISO 8601")
    logger.add_argument("--delimiter", default=",", metavar="CHARACTER", help="between columns (,)")
    logger.add_argument("--decimal", default=".", choices=[".", ","], help="in numbers (.)")
    parser.add_argument("--skip-bad", action="store_true", help="import the good lines although others are bad")
    parser.add_argument("--dry-run", action="store_true", help="check every line, write nothing")


def run(args: argparse.Namespace) -> int:
    if args.from_journal == (args.csv is not None):
        raise Refused("give either a CSV file or --from-journal")
    try:
        return _from_journal(args) if args.from_journal else _from_csv(args)
    except (HistoryUnavailable, HistoryInUse, BadCsv, BadUnit, JournalMissing) as error:
        raise Refused(str(error)) from None
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED


# -- the CSV of a logger -----------------------------------------------------------------------------------------------

_NEEDED: Final = ("station", "quantity", "time_column", "value_column", "unit", "timezone")


def _from_csv(args: argparse.Namespace) -> int:
    missing = [f"--{name.replace('_', '-')}" for name in _NEEDED if getattr(args, name) is None]
    if missing or args.into is not None:
        raise Refused("--into is for --from-journal" if args.into else f"a CSV needs {', '.join(missing)} as well")
    settings, state, base = open_settings(args)
    form = _form(args, _station(state, args.station))
    lines = read(args.csv, form)
    print(_checked(lines, args), file=sys.stderr)
    if lines.bad_count and not args.skip_bad:
        raise Refused(f"{args.csv}: {lines.bad_count} bad lines, so nothing was imported; mend them or give --skip-bad")
    if args.dry_run or not lines.times:
        print("nothing was written", file=sys.stderr)
        return 0
    with WriterLock(state.root).claim():
        history = history_of(settings, state, base=base)
        try:
            _import(history, lines, args, settings)
        finally:
            history.close()
    return 0


def _form(args: argparse.Namespace, station: Station) -> CsvForm:
    if len(args.delimiter) != 1 or args.delimiter == args.decimal:
        raise Refused(f"--delimiter {args.delimiter!r} is not one character other than the decimal {args.decimal!r}")
    try:
        zone = ZoneInfo(args.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"--timezone {args.timezone!r} is not known; write Asia/Jakarta or UTC") from None
    return CsvForm(
        time_column=args.time_column,
        value_column=args.value_column,
        flag_column=args.flag_column,
        time_format=args.time_format,
        zone=zone,
        ratio=ratio(args.unit, args.quantity),
        span=station.site_m if args.quantity == "level_m" else None,
        span_says=f" {unit_of(args.quantity)}, what is plausible at {station.id} (site_m)",
        before=_now(),
        delimiter=args.delimiter,
        decimal=args.decimal,
    )


def _station(state: StateFolder, name: str) -> Station:
    """The station's document as the journal holds it; raises Refused."""
    try:
        connection = sqlite3.connect(f"{state.journal.absolute().as_uri()}?mode=ro", uri=True)
        try:
            documents = dict(connection.execute("SELECT id, document FROM stations").fetchall())
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Refused(f"{state.journal} can't be asked for its stations ({error}); has core ever run?") from None
    if name not in documents:
        near = get_close_matches(name, documents, n=3, cutoff=0.4) or sorted(documents)[:10]
        there = f"there is {', '.join(near)}" if near else "there is none yet"
        raise Refused(f"no station {name!r}; {there}. Add one with kentongan station add")
    return msgspec.json.decode(documents[name], type=Station)


def _checked(lines: CsvLines, args: argparse.Namespace) -> str:
    said = [*lines.bad]
    if lines.bad_count > NAMED:
        said.append(f"... and {lines.bad_count - NAMED} more bad lines")
    span = ""
    if lines.times:
        span = f", from {_local(lines.times[0], args)} to {_local(lines.times[-1], args)}"
    said.append(
        f"{args.csv}: {len(lines.times)} readings{span}; {lines.bad_count} bad lines, {lines.same} repeated,"
        f" {lines.contradicting} contradicted by a later line of the same time"
    )
    return "\n".join(said)


def _local(time: int, args: argparse.Namespace) -> str:
    return datetime.fromtimestamp(time / 1000, ZoneInfo(args.timezone)).isoformat(timespec="seconds")


def _import(history: History, lines: CsvLines, args: argparse.Namespace, settings: Settings) -> None:
    source = Source(
        key=_key(args),
        name=str(args.csv),
        station=args.station,
        quantity=args.quantity,
        ratio=ratio(args.unit, args.quantity),
    )
    bar = Bar(len(lines.times), "import")
    try:
        done = import_lines(history, history.notes, lines, source, now=_now(), progress=bar)
    finally:
        bar.close()
    _tell(done, lines, settings)


def _key(args: argparse.Namespace) -> str:
    """One for one content read in one way."""
    names = (*_NEEDED, "flag_column", "time_format", "delimiter", "decimal", "skip_bad")
    digest = hashlib.sha256(msgspec.json.encode([getattr(args, name) for name in names]))
    with args.csv.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _tell(done: Imported, lines: CsvLines, settings: Settings) -> None:
    if done.resumed_at:
        print(f"went on after {done.resumed_at} readings of an earlier run", file=sys.stderr)
    print(f"{done.written} readings imported, {done.rolled} hours and days rolled up", file=sys.stderr)
    if done.kept:
        print(f"{done.kept} were left out: a node has measured at the same time", file=sys.stderr)
    if done.refused:
        print(f"{done.refused} were refused, first {done.first_refusal}", file=sys.stderr)
    days = settings.retention.history_readings_days
    if days and lines.times[0] < _now() - days * DAY_MS:
        print(
            f"readings older than {days:g} days (retention.history_readings_days) will leave within the next rounds of"
            " retention, and their hours and days stay; 0 there keeps everything",
            file=sys.stderr,
        )


# -- the journal once more ---------------------------------------------------------------------------------------------


def _from_journal(args: argparse.Namespace) -> int:
    given = [name for name in _NEEDED if getattr(args, name) is not None]
    if given:
        raise Refused(f"--{given[0].replace('_', '-')} is for a CSV, not for --from-journal")
    settings, state, base = open_settings(args)
    span = _journal_span(state.journal)
    print(f"the journal holds readings received from {span.first} to {span.last}", file=sys.stderr)
    if args.dry_run:
        return 0
    if args.into is not None:
        _refeed(state, SqliteHistory(args.into, zone=ZoneInfo(settings.site.timezone)), starts_over=False)
        return 0
    with WriterLock(state.root).claim():
        _refeed(state, history_of(settings, state, base=base), starts_over=True)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    first: str
    last: str


def _journal_span(path: Path) -> _Span:
    journal = JournalTail.open(path)
    try:
        first, last = journal.after(0, 1), journal.after(journal.head() - 1, 1)
    finally:
        journal.close()
    if not first or not last:
        raise Refused(f"{path} holds no readings")
    times = [
        datetime.fromtimestamp(row[0].received_at / 1000, UTC).isoformat(timespec="seconds") for row in (first, last)
    ]
    return _Span(first=times[0], last=times[1])


def _refeed(state: StateFolder, history: History, *, starts_over: bool) -> None:
    """Follow the journal up to its present head, from its beginning or where such a run was stopped.

    The cursor goes back first: whoever follows the journal next, this command or ``kentongan history``, goes on there.
    """
    follower = Follower(state.journal, history, pace=Pace(retry_from_s=0, retry_to_s=0))
    try:
        if starts_over and history.notes.mark("refeeding") is None:
            history.write([], cursor=Cursor())
            with history.notes.transaction():
                history.notes.set_mark("refeeding", _now())
        _follow_to_head(follower)
        with history.notes.transaction():
            history.notes.set_mark("refeeding", None)
        while history.roll_up(now=_now()):
            pass
        status = follower.status()
    finally:
        follower.close()
        history.close()
    print(f"{status.written} readings written, {status.refused} refused", file=sys.stderr)


def _follow_to_head(follower: Follower) -> None:
    follower.turn()
    target = follower.status().head
    bar = Bar(target, "journal")
    try:
        while follower.status().cursor < target:
            follower.turn()
            status = follower.status()
            if status.problem is not None:
                raise Refused(f"{status.problem}; the same command goes on from here")
            bar(status.cursor)
    finally:
        bar.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
