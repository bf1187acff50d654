"""kentongan station recompute: old levels again from their raw values, with the calibration epochs as they are now."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from broker.station import Station
from deploy.assembly import history_reader_of
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.commands.moments import milliseconds
from deploy.registry.channels import ingest_station
from deploy.registry.recompute import Changed, Summary, Temperatures, recomputed
from ingest.calibrate import TEMPERATURE_AGE_MS, TEMPERATURE_SERIES
from ingest.history import HistoryReader, HistoryUnavailable, Point
from ingest.stations import Channel

PAGE: Final = 5000
BATCH: Final = 1000


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help="2026-01-31T07:00:00+07:00")
    parser.add_argument("--to", dest="end", required=True, metavar="TIME")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    start = milliseconds(args.start, settings.site.timezone, "--from")
    end = milliseconds(args.end, settings.site.timezone, "--to")
    if start >= end:
        raise Refused("--from is not before --to")
    try:
        reader = history_reader_of(settings, state, base=base)
        try:
            with Asking(settings, state) as core:
                document = core("station-document", {"id": args.id})
                run = _Run(core, reader, msgspec.convert(document, Station), (start, end), is_dry=args.dry_run)
                run.all_series()
        finally:
            reader.close()
    except HistoryUnavailable as error:
        raise Refused(f"history holds the raw values and cannot be read: {error}") from None
    return 0


class _Run:
    def __init__(
        self, core: Asking, reader: HistoryReader, station: Station, span: tuple[int, int], *, is_dry: bool
    ) -> None:
        self.core, self.reader, self.station, self.span, self.is_dry = core, reader, station, span, is_dry

    def all_series(self) -> None:
        declared = {epoch.series for epoch in self.station.epochs}
        if not declared:
            raise Refused(f"{self.station.id} has no calibration epochs, so there is nothing to compute again")
        for series, channel in ingest_station(self.station).channels.items():
            if series in declared:
                self._series(series, channel)
        print("a dry run: nothing was done" if self.is_dry else "history takes the new revisions from the journal")

    def _series(self, series: str, channel: Channel) -> None:
        summary, quantity = Summary(), channel.calibration.quantity
        waiting: list[Changed] = []
        for page in self._pages(quantity):
            summary.read += len(page)
            for changed in recomputed(page, channel.calibration, channel.limits, self._air(page)):
                summary.add(changed)
                waiting.append(changed)
            while len(waiting) >= BATCH:
                self._write(series, quantity, waiting[:BATCH])
                del waiting[:BATCH]
            self._progress(quantity, page[-1].time)
        self._write(series, quantity, waiting)
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
        print(f"{quantity}: {summary}")

    def _pages(self, quantity: str) -> Iterator[list[Point]]:
        start, end = self.span
        while page := self.reader.range(self.station.id, quantity, start, end, PAGE):
            yield page
            start = page[-1].time + 1

    def _air(self, page: list[Point]) -> Temperatures:
        """What the air was during a page; read only where a distance is corrected for it."""
        if all(epoch.sound_reference_c is None for epoch in self.station.epochs):
            return Temperatures([])
        found: list[Point] = []
        start, end = page[0].time - TEMPERATURE_AGE_MS, page[-1].time + 1
        while part := self.reader.range(self.station.id, TEMPERATURE_SERIES, start, end, PAGE):
            found += part
            start = part[-1].time + 1
        return Temperatures(found)

    def _write(self, series: str, quantity: str, changes: list[Changed]) -> None:
        if self.is_dry or not changes:
            return
        rows: list[list[Any]] = [
            [c.point.time, c.point.node, c.point.revision + 1, c.point.raw, c.value, c.flag, c.reason, c.epoch]
            for c in changes
        ]
        arguments = {"id": self.station.id, "series": series, "quantity": quantity, "readings": rows}
        self.core("station-recompute", arguments)

    def _progress(self, quantity: str, time: int) -> None:
        if sys.stderr.isatty():
            start, end = self.span
            share = (time - start) / (end - start)
            print(f"\r\x1b[K{quantity} [{'#' * int(share * 40):<40}] {share:4.0%}", end="", file=sys.stderr, flush=True)
