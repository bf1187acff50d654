"""kentongan audit: whether the log of who did what is whole."""

import argparse
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alerting import tables
from alerting.audit import GENESIS, Entry, first_broken
from deploy.commands.common import Refused, add_settings, open_settings

SHOWN: Final = 5
HEAD_LETTERS: Final = 16  # of a hash in hexadecimal: enough to tell any two apart
_COLUMNS: Final = ", ".join(column.name for column in tables.audit.columns)
_ENTRIES: Final = f"SELECT {_COLUMNS} FROM audit ORDER BY id"  # noqa: S608 - our own names
_UNWITNESSED: Final = """
    SELECT alert || ' v' || version FROM alerts
    WHERE alert || ' v' || version NOT IN (SELECT subject FROM audit WHERE action LIKE 'alert %') ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``broken`` is the first row that does not follow from the one before. ``unwitnessed`` are alert versions of which
    the log does not say that they were given: rows were taken from its end, where no chain can miss them. ``has_head``
    says whether the head that was asked for is in the chain.
    """

    actions: Counter[str]
    first_at: int | None
    last_at: int | None
    head: str
    broken: Entry | None
    unwitnessed: list[str]
    has_head: bool

    @property
    def is_whole(self) -> bool:
        return self.broken is None and not self.unwitnessed and self.has_head


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = verbs.add_parser(
        "verify",
        help="check the chain of hashes from the first row to the last; exit code 1 names the first broken row",
        description="Reads the journal, whether core runs or not. No chain can show that rows are missing at its end: "
        "note the head that this prints, outside of this machine, and give it the next time.",
    )
    add_settings(verify)
    verify.add_argument("--head", metavar="HASH", help="a head that was printed earlier: it must still be in the chain")


def run(args: argparse.Namespace) -> int:
    _, state, _ = open_settings(args)
    verdict = verify(state.journal, head=_head(args.head))
    print("\n".join(report(verdict, args.head)))
    return 0 if verdict.is_whole else 1


def verify(journal: Path, *, head: str | None = None, address: str | None = None) -> Verdict:
    """Read the whole log; raises Refused when there is no journal, or it cannot be read.

    ``address`` is SQLite's for it, of one who opens it in a way of his own.
    """
    if not journal.exists():
        raise Refused(f"{journal}: no journal there; is --settings (or --state) that of the installation?")
    try:
        with closing(sqlite3.connect(address or f"file:{journal}?mode=ro", uri=True, timeout=10)) as connection:
            seen = _Seen(head)
            broken = first_broken(seen.pass_on(Entry(*row) for row in connection.execute(_ENTRIES)))
            unwitnessed = [str(name) for (name,) in connection.execute(_UNWITNESSED)] if broken is None else []
    except sqlite3.Error as error:
        raise Refused(f"{journal}: cannot be read: {error}") from None
    return Verdict(
        actions=seen.actions,
        first_at=seen.first_at,
        last_at=seen.last_at,
        head=seen.head,
        broken=broken,
        unwitnessed=unwitnessed,
        has_head=seen.has_head,
    )


class _Seen:
    """Counts rows on their way."""

    def __init__(self, wanted: str | None) -> None:
        self.actions: Counter[str] = Counter()
        self.first_at: int | None = None
        self.last_at: int | None = None
        self.head = GENESIS.hex()[:HEAD_LETTERS]
        self._wanted = wanted
        self.has_head = wanted is None or wanted == self.head

    def pass_on(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self.actions[entry.action] += 1
            self.first_at = entry.at if self.first_at is None else self.first_at
            self.last_at = entry.at
            self.head = entry.hash.hex()[:HEAD_LETTERS]
            self.has_head = self.has_head or self.head == self._wanted
            yield entry


def report(verdict: Verdict, asked: str | None = None) -> list[str]:
    """What a person reads; the first line of a fault says where to look."""
    if (row := verdict.broken) is not None:
        before = verdict.actions.total() - 1
        return [
            f"BROKEN at row {row.id} ({_time(row.at)}, {row.actor}: {row.action} {row.subject}).",
            "This row was changed after it was written, or one was taken out or put in just before it.",
            f"The {before} rows before it hold; nothing after it can be trusted. Compare with a backup of the journal.",
        ]
    if not verdict.has_head:
        return [f"BROKEN: head {asked} is not in the chain: rows were taken from its end, or it is of another journal."]
    if verdict.unwitnessed:
        shown = ", ".join(verdict.unwitnessed[:SHOWN])
        more = f" and {len(verdict.unwitnessed) - SHOWN} more" if len(verdict.unwitnessed) > SHOWN else ""
        return [f"BROKEN: no row tells of {shown}{more}, which the journal has: rows were taken from the log's end."]
    counts = [f"  {count:8d}  {action}" for action, count in sorted(verdict.actions.items())]
    if verdict.first_at is None or verdict.last_at is None:
        return ["The audit log is empty."]
    span = f"{_time(verdict.first_at)} to {_time(verdict.last_at)}"
    return [f"The chain holds: {verdict.actions.total()} rows, {span}.", *counts, f"Head: {verdict.head}"]


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(sep=" ", timespec="seconds")


def _head(text: str | None) -> str | None:
    if text is None:
        return None
    found = text.strip().lower()[:HEAD_LETTERS]
    if len(found) < HEAD_LETTERS or set(found) - set("0123456789abcdef"):
        raise Refused(f"--head {text!r}: write the {HEAD_LETTERS} letters that kentongan audit verify printed")
    return found
