"""One CSV file from a mark on: where its header ends, which lines are rows, and how far it was read."""

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from edge.gateway.csv_rows import BadHeader, BadRow, RowPlan
from edge.gateway.sample import Sample

log: Final = logging.getLogger(__name__)

MOST_LINE: Final = 64 * 1024
_PIECE: Final = 256 * 1024
_TAIL: Final = 512  # bytes before the mark that must be the same


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file was read, under which header, and what stood before that place."""

    offset: int = 0
    tail: bytes = b""
    header: tuple[str, ...] = ()
    passing: int | None = None  # lines still to be passed over before the header, or behind it


@dataclass(slots=True, kw_only=True)
class CsvFile:
    """Reads the whole lines behind ``mark``, up to ``most`` samples; then ``mark`` is where to go on."""

    path: Path
    rows: RowPlan
    encoding: str
    mark: Mark
    most: int
    since_ms: int | None = None
    samples: list[Sample] = field(default_factory=list)
    bad_rows: int = 0

    def read(self) -> bool:
        """Take what is new; whether there is more. Raises BadHeader (the mark stands before that line) and OSError."""
        with self.path.open("rb") as file:
            if not self._is_known(file):
                self.mark = Mark()
            file.seek(self.mark.offset)
            piece = file.read(_PIECE)
            end = piece.rfind(b"\n") + 1
            if not end and len(piece) > MOST_LINE:
                raise BadHeader(f"a line is longer than {MOST_LINE} bytes: is it CSV?")
            before, read = self.mark.offset, 0
            try:
                for line in piece[:end].splitlines(keepends=True):
                    if len(self.samples) >= self.most:
                        break
                    self._take(line)
                    read += len(line)
            finally:
                if read:
                    self.mark = msgspec.structs.replace(
                        self.mark, offset=before + read, tail=_tail(file, before + read)
                    )
            return 0 < read < end or len(piece) == _PIECE

    def _is_known(self, file: BinaryIO) -> bool:
        """Whether what stands before the mark is what was read there: else the file was cut or written anew."""
        return not self.mark.offset or _tail(file, self.mark.offset) == self.mark.tail

    def _take(self, line: bytes) -> None:
        text = line.decode(self.encoding, errors="replace").strip("\r\n\ufeff \0")
        passing = self.rows.before_header if self.mark.passing is None else self.mark.passing
        if passing:
            self.mark = msgspec.structs.replace(self.mark, passing=passing - 1)
        elif text:
            self._take_cells(text, self.rows.cells(text))

    def _take_cells(self, text: str, cells: list[str]) -> None:
        if not self.mark.header or self.rows.is_header(cells):
            self.rows.places(cells)
            self.mark = msgspec.structs.replace(self.mark, header=tuple(cells), passing=self.rows.after_header)
            return
        try:
            sample = self.rows.sample(cells, self.rows.places(self.mark.header))
        except BadRow as error:
            self.bad_rows += 1
            if self.bad_rows == 1:
                log.warning("%s: a line is passed over: %s: %.80r", self.path, error, text)
            return
        if self.since_ms is None or sample.time_ms >= self.since_ms:
            self.samples.append(sample)


def _tail(file: BinaryIO, offset: int) -> bytes:
    """A digest of the bytes before ``offset``; another one where the file does not reach so far."""
    start = max(0, offset - _TAIL)
    file.seek(start)
    return hashlib.blake2b(file.read(offset - start), digest_size=16).digest()
