"""kentongan history export: readings as CSV, in memory that does not grow with them."""

import argparse
import gzip
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO, Final, cast
from zoneinfo import ZoneInfo

from deploy.assembly import history_reader_of
from deploy.commands.common import Refused, open_settings
from deploy.replay.progress import Bar
from ingest.history import HistoryUnavailable, SeriesExtent
from ingest.history_export import export

SUMMARY: Final = "write readings of history as CSV, with units and flags, times in UTC"
INTERRUPTED: Final = 130
_BUFFER: Final = 1 << 20


def add(parser: argparse.ArgumentParser) -> None:
    add_settings_again(parser)
    parser.add_argument("--station", action="append", default=[], metavar="ID", help="only this one; may be repeated")
    parser.add_argument("--quantity", action="append", default=[], metavar="NAME", help="only this one, like level_m")
    parser.add_argument(
        "--from", dest="start", required=True, metavar="TIME", help="2026-01-31, or with time and offset"
    )
    parser.add_argument("--to", dest="end", required=True, metavar="TIME", help="the end, not included")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of standard output")
    parser.add_argument("--gzip", action="store_true", help="compress")


def add_settings_again(parser: argparse.ArgumentParser) -> None:
    """``--settings`` and ``--state`` behind the verb as well, where they mean the same as before it."""
    for name, kind in (("--settings", "FILE"), ("--state", "DIR")):
        parser.add_argument(name, type=Path, metavar=kind, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    zone = ZoneInfo(settings.site.timezone)
    start, end = moment(args.start, zone, "--from"), moment(args.end, zone, "--to")
    if start >= end:
        raise Refused(f"--from {args.start} is not before --to {args.end}")
    bar = Bar(1000, "export")
    try:
        reader = history_reader_of(settings, state, base=base)
        chosen = _choose(reader.series(), args.station, args.quantity)
        with _output(args.output, compress=args.gzip) as out:
            count = export(reader, out, chosen, start, end, progress=lambda share: bar(int(share * 1000)))
    except HistoryUnavailable as error:
        raise Refused(str(error)) from None
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        bar.close()
    print(f"{count} readings of {len(chosen)} series", file=sys.stderr)
    return 0


def moment(text: str, zone: ZoneInfo, option: str) -> int:
    """A day of the site, or a time with its offset, in ms UTC; raises Refused."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{option} {text!r} is not a time: write 2026-01-31 or 2026-01-31T07:00+07:00") from None
    if len(text) == len("2026-01-31"):
        found = found.replace(tzinfo=zone)
    elif found.tzinfo is None:
        raise Refused(f"{option} {text} has no offset: write {text}+07:00 for WIB, or {text}+00:00 for UTC")
    return int(found.timestamp() * 1000)


def _choose(there: Sequence[SeriesExtent], stations: Sequence[str], quantities: Sequence[str]) -> list[SeriesExtent]:
    for station in stations:
        _known(station, sorted({series.station for series in there}), "station")
    for quantity in quantities:
        _known(quantity, sorted({series.quantity for series in there}), "quantity")
    return [
        series
        for series in there
        if (not stations or series.station in stations) and (not quantities or series.quantity in quantities)
    ]


def _known(name: str, names: Sequence[str], kind: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=3, cutoff=0.4) or names[:10]
        there = f"there is {', '.join(near)}" if names else "history is empty"
        raise Refused(f"history has no {kind} {name!r}; {there}")


class _Encoded:
    """Text into a file of bytes, without a buffer of its own that would have to be emptied into a closed pipe."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode())


@contextmanager
def _output(path: Path | None, *, compress: bool) -> Iterator[_Encoded]:
    """A file takes its name when it is whole; what stands under that name stays until then."""
    if path is None:
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=_BUFFER) as raw, _packed(raw, compress) as out:
            yield _Encoded(out)
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb", buffering=_BUFFER) as raw, _packed(raw, compress) as out:
            yield _Encoded(out)
        part.replace(path)
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _packed(raw: BinaryIO, compress: bool) -> Iterator[BinaryIO]:
    if not compress:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed:
        yield cast("BinaryIO", packed)
