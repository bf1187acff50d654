"""What became of each drill: a line of JSON each, in the drill's own folder."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from deploy.state_folder import StateFolder

FILE: Final = "drills.jsonl"
DAY_MS: Final = 86_400_000
OVERDUE_DAYS: Final = 35  # a month and some days to find out why
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """``seconds`` after the sample that completes the rule; negative ones came before it."""

    name: str
    seconds: float


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the drill's alert. ``state`` is the outbox's, ``seconds`` as in a step."""

    person: str
    channel: str
    state: str
    seconds: float | None = None
    reason: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """``at`` is ms UTC; ``why`` one Indonesian sentence, whether it passed or not."""

    at: int
    by: str
    group: str
    people: int
    passed: bool
    why: str
    alert: str = ""
    text: str = ""
    steps: list[Step] = []
    told: list[Told] = []

    def count(self, *states: str) -> int:
        """Messages in one of ``states``."""
        return sum(message.state in states for message in self.told)


class ResultsUnreadable(Exception):
    """The file has a line that is none of ours; the text names it."""


def add(state: StateFolder, result: Result) -> None:
    """Append, on disk when this returns; raises OSError."""
    with (state.root / FILE).open("ab") as file:
        file.write(msgspec.json.encode(result) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(state: StateFolder) -> list[Result]:
    """All results, oldest first; none yet is an empty list. Raises ResultsUnreadable and OSError."""
    path = state.root / FILE
    if not path.exists():
        return []
    return [_result(path, number, line) for number, line in enumerate(path.read_bytes().splitlines(), 1)]


def _result(path: Path, number: int, line: bytes) -> Result:
    try:
        return msgspec.json.decode(line, type=Result)
    except msgspec.DecodeError as error:
        raise ResultsUnreadable(f"{path}, line {number}: not a drill's result ({error}); move the line away") from None


def line(results: Sequence[Result], zone: ZoneInfo) -> str:
    """What the board says of the last drill; empty before the first."""
    if not results:
        return ""
    last = results[-1]
    return f"latihan {_day(last.at, zone)}: {'lulus' if last.passed else 'TIDAK LULUS'}"


def problem(results: Sequence[Result], zone: ZoneInfo, now: int, *, since: int | None) -> str | None:
    """One Indonesian sentence when the last drill failed, or when none was held for too long.

    ``since`` is when somebody began to look, ms UTC: an installation that is new is not overdue. None: drills are not
    held by themselves, and none is missed.
    """
    if results and not results[-1].passed:
        return f"Latihan {_day(results[-1].at, zone)} tidak lulus: {results[-1].why}"
    if since is None:
        return None
    last = results[-1].at if results else since
    if now - last > OVERDUE_DAYS * DAY_MS:
        held = f"yang terakhir {_day(last, zone)}" if results else "belum pernah ada"
        return f"Latihan bulanan tidak berjalan ({held}). Jalankan: kentongan drill run."
    return None


def _day(at: int, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(at / 1000, zone)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:%Y %H.%M}"
