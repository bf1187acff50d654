"""A folder into which a logger writes CSV: files that grow, appear, are rotated, cut or written anew.

Read is what stands before the last line end: a half-written line waits for its other half. How far each file was read
is a mark in the ring, made durable with the rows themselves. A file is known again by its inode and by the bytes before
the mark, so that one that was renamed goes on, and one that was written anew begins anew; rows that were taken before
have the same key, and are not taken twice.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge.gateway.csv_file import CsvFile, Mark
from edge.gateway.csv_rows import BadHeader, RowPlan
from edge.gateway.sample import Marks, Sample, SourceUnusable, Taking

MOST_ROWS: Final = 2000  # a turn
MOST_MARKS: Final = 5000  # above it those of files that are gone are forgotten
_MARK: Final = "csv:"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPlan:
    """``pattern`` is like ``*.csv``; with ``since_ms`` older rows are passed over."""

    folder: Path
    pattern: str
    encoding: str
    rows: RowPlan
    since_ms: int | None = None


class CsvFolder:
    """Takes what is new; a file whose header lacks a column stays where it is until mapping or file are mended."""

    keeps_what_is_not_taken = True

    def __init__(self, plan: FolderPlan, marks: Marks) -> None:
        self._plan = plan
        self._marks = {name: msgspec.msgpack.decode(mark, type=Mark) for name, mark in marks.marks(_MARK).items()}
        self._looked: dict[str, tuple[int, int]] = {}  # size and time of change when a file was read to its end
        self.said = ""
        self.bad_rows = 0

    def take(self, now_ms: int) -> Taking:  # noqa: ARG002  rows have their own times
        """Up to 2000 new rows, of the file first that was changed longest ago."""
        samples: list[Sample] = []
        marks: dict[str, bytes] = {}
        self.said = ""
        has_more = False
        for path, name, status in self._files(marks):
            look = (status.st_size, status.st_mtime_ns)
            if self._looked.get(name) == look:
                continue
            if len(samples) >= MOST_ROWS:
                has_more = True
                break
            is_at_end = self._read(path, name, samples, marks)
            has_more = has_more or is_at_end is False
            if is_at_end:
                self._looked[name] = look
        return Taking(samples=samples, marks=marks, has_more=has_more)

    def close(self) -> None:
        """No file is kept open."""

    def _read(self, path: Path, name: str, samples: list[Sample], marks: dict[str, bytes]) -> bool | None:
        """Whether the end was reached; None where nothing can be read now."""
        plan, before = self._plan, self._marks.get(name, Mark())
        file = CsvFile(
            path=path,
            rows=plan.rows,
            encoding=plan.encoding,
            mark=before,
            most=MOST_ROWS - len(samples),
            since_ms=plan.since_ms,
        )
        try:
            return not file.read()
        except (BadHeader, OSError) as error:
            self.said = f"{path}: {error}"
            return None
        finally:
            samples += file.samples
            self.bad_rows += file.bad_rows
            if file.mark != before:
                self._marks[name] = file.mark
                marks[name] = msgspec.msgpack.encode(file.mark)

    def _files(self, marks: dict[str, bytes]) -> Iterator[tuple[Path, str, os.stat_result]]:
        """Those of the pattern, and whatever was begun under such a name; the oldest first."""
        try:
            found = [(path, path.stat()) for path in self._plan.folder.iterdir() if path.is_file()]
        except OSError as error:
            raise SourceUnusable(f"{self._plan.folder}: {error.strerror}; is it there, and may it be read?") from None
        there = {}
        for path, status in sorted(found, key=lambda pair: (pair[1].st_mtime_ns, pair[0].name)):
            there[f"{_MARK}{status.st_dev}:{status.st_ino}"] = (path, status)
        self._forget(marks, there.keys())
        for name, (path, status) in there.items():
            if path.match(self._plan.pattern) or name in self._marks:
                yield path, name, status

    def _forget(self, marks: dict[str, bytes], there: Collection[str]) -> None:
        if len(self._marks) > MOST_MARKS:
            for name in [name for name in self._marks if name not in there]:
                del self._marks[name]
                marks[name] = b""
