"""Readings of an existing logger into history: batch by batch, going on where it was stopped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ingest.history import History, HistoryReader
from ingest.history_notes import Notes
from ingest.logger_csv import CsvLines, in_quantity
from ingest.readings import Reading

NODE: Final = "impor"  # what stands where a reading of the field names its node
BATCH: Final = 5000


@dataclass(slots=True, kw_only=True)
class Imported:
    """``kept`` were measured by a node at the same time, and stay; ``refused`` are kept as dead letters."""

    resumed_at: int = 0  # rows that an earlier run had done
    written: int = 0
    kept: int = 0
    refused: int = 0
    first_refusal: str = ""
    rolled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``key`` is one for one file imported in one way; ``name`` is for people."""

    key: str
    name: str
    station: str
    quantity: str
    ratio: tuple[int, int]


def import_lines(
    history: History,
    notes: Notes,
    lines: CsvLines,
    source: Source,
    *,
    now: int,
    progress: Callable[[int], None],
) -> Imported:
    """Write the lines and roll up what they touch. ``progress`` is told how many rows are done.

    After a kill the same call goes on behind the last batch that is safe; until then retention takes no points.
    Raises HistoryUnavailable, and goes on in the same way when called again.
    """
    total = len(lines.times)
    revision, started_at, done = notes.begin_import(source.key, name=source.name, total=total, now=now)
    result = Imported(resumed_at=done)
    for start in range(done, total, BATCH):
        batch = list(_readings(lines, source, range(start, min(start + BATCH, total)), revision, started_at))
        _write(history, batch, result)
        notes.store_import(source.key, min(start + BATCH, total))
        progress(min(start + BATCH, total))
    while rolled := history.roll_up(now=now):
        result.rolled += rolled
    return result


def _write(history: History, batch: list[Reading], result: Imported) -> None:
    measured = set(_measured(history, batch))
    new = [reading for reading in batch if reading.time not in measured]
    written = history.write(new)
    result.kept += len(batch) - len(new)
    result.written += written.accepted
    result.refused += len(written.refused)
    if written.refused and not result.first_refusal:
        first = written.refused[0]
        result.first_refusal = f"line {first.reading.seq}: {first.reason}"


def _measured(history: HistoryReader, batch: list[Reading]) -> Iterator[int]:
    """The times within the batch, which is in their order, at which a node of the field has measured."""
    first, end = batch[0].time, batch[-1].time + 1
    while page := history.range(batch[0].station, batch[0].quantity, first, end, BATCH):
        yield from (point.time for point in page if point.node != NODE)
        first = page[-1].time + 1


def _readings(lines: CsvLines, source: Source, rows: range, revision: int, started_at: int) -> Iterator[Reading]:
    for row in rows:
        raw = lines.values[row]
        is_empty = raw != raw  # noqa: PLR0124  (NaN: the cell is empty)
        yield Reading(
            id=0,
            node=NODE,
            boot=0,
            seq=lines.numbers[row],
            series=source.quantity,
            revision=revision,
            station=source.station,
            quantity=source.quantity,
            time=lines.times[row],
            observed_at=lines.times[row],
            received_at=started_at,
            raw=None if is_empty else raw,
            value=None if is_empty else in_quantity(raw, source.ratio),
            flag=lines.flags[row],
            reason=None,
            epoch=0,
        )
