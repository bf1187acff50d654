"""The tide of the next days in core, made anew from its file of constants by a process of its own.

utide takes seconds of CPU and 80 MB to import: in core, even in a thread, it would hold up a warning.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from ingest.tide_table import DAY_MS, TideTable

log: Final = logging.getLogger(__name__)

DAYS: Final = 21.0  # a spring and a neap tide, and a week in which renewing may fail
BEFORE_MS: Final = DAY_MS
RENEWED_LEFT_MS: Final = 14 * DAY_MS
TIMEOUT_S: Final = 300
_decoder: Final = msgspec.msgpack.Decoder(TideTable)


class TideForecast:
    """``table`` is the tide of the next two weeks at least, or None; ``problem`` says why it could not be renewed.

    A table that is there stays in use until it ends.
    """

    def __init__(self, file: Path, *, now: Callable[[], int]) -> None:
        self._file, self._now = file, now
        self._made_of: int | None = None
        self.table: TideTable | None = None
        self.problem: str | None = None

    async def run(self) -> None:
        """Make the table anew when less than two weeks of it are left, or when the file has changed."""
        changed_at = _changed_at(self._file)
        left = 0 if self.table is None else self.table.end_ms - self._now()
        if left >= RENEWED_LEFT_MS and changed_at == self._made_of:
            return
        if changed_at is None:
            self._note(f"{self._file}: no such file; make one: kentongan tide fit ... -o {self._file}")
            return
        table, problem = await _make(self._file, self._now() - BEFORE_MS)
        self._note(problem)
        if table is not None:
            self.table, self._made_of = table, changed_at

    def _note(self, problem: str | None) -> None:
        if problem is not None and problem != self.problem:
            log.warning("the tide cannot be predicted: %s", problem)
        self.problem = problem


def _changed_at(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


async def _make(file: Path, start_ms: int) -> tuple[TideTable | None, str | None]:
    """A table from a process of its own, or the one sentence why there is none."""
    arguments = [sys.executable, "-m", "ingest.tide_table", str(file), str(start_ms), str(DAYS)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdout=pipe, stderr=pipe)
    try:
        out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    except TimeoutError:
        return None, f"{file}: no table after {TIMEOUT_S} s; the machine is overloaded"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        said = err.decode(errors="replace").strip().splitlines()
        return None, said[-1] if said else f"{file}: the process ended with {process.returncode}"
    return _decoder.decode(out), None
