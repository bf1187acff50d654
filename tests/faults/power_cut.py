"""Power cut in the middle of writing: what a disk may hold then, and whether the journal keeps its word on it.

What was synced is there. Of what was written after the last sync of its file, a disk may hold all, nothing, the
beginning, any sectors in any order, or sectors that came out wrong; a file may have its new length without its data.
"""

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from deploy.journal import Journal
from tests.faults.write_log import Number, Promised, Step, Synced, Truncated, Written

SECTOR: Final = 512
NAMES: Final = ("db", "wal")
OPENED_BY_CORE: Final = 25  # every so manyth image is opened as core does, too
FATES: Final = ("nothing", "everything", "the beginning", "any writes", "any sectors", "damaged sectors")


@dataclass(slots=True)
class Disk:
    """Two files as they are for certain, and what has been written to them since their last syncs."""

    certain: dict[str, bytearray] = field(default_factory=dict)
    since: dict[str, list[Written | Truncated]] = field(default_factory=dict)
    promised: set[Number] = field(default_factory=set)

    @classmethod
    def of(cls, journal: Path) -> "Disk":
        """The files as they lie there, core being dead: taken as synced."""
        paths = dict(zip(NAMES, (journal, journal.with_name(journal.name + "-wal")), strict=True))
        certain = {name: bytearray(path.read_bytes() if path.exists() else b"") for name, path in paths.items()}
        return cls(certain=certain, since={name: [] for name in NAMES})

    def take(self, step: Step) -> None:
        """One step further."""
        if isinstance(step, Promised):
            self.promised |= step.numbers
        elif isinstance(step, Synced):
            _apply(self.certain[step.name], self.since[step.name])
            self.since[step.name].clear()
        else:
            self.since[step.name].append(step)

    def after_cut(self, chance: random.Random, fate: str) -> dict[str, bytearray]:
        """What the files hold when power comes back."""
        found = {}
        for name in NAMES:
            found[name] = bytearray(self.certain[name])
            _apply(found[name], _left(self.since[name], chance, fate))
        return found


def _apply(content: bytearray, changes: Sequence[Written | Truncated]) -> None:
    for change in changes:
        if isinstance(change, Truncated):
            del content[change.size :]
            content.extend(bytes(change.size - len(content)))
            continue
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data


def _left(changes: list[Written | Truncated], chance: random.Random, fate: str) -> list[Written | Truncated]:
    if fate == "nothing":
        return []
    if fate == "the beginning":
        return changes[: chance.randint(0, len(changes))]
    if fate == "any writes":
        return [change for change in changes if chance.random() < 0.5]
    if fate in ("any sectors", "damaged sectors"):
        return [piece for change in changes for piece in _sectors(change, chance, is_damaged=fate.startswith("dam"))]
    return changes


def _sectors(change: Written | Truncated, chance: random.Random, *, is_damaged: bool) -> Iterator[Written | Truncated]:
    if isinstance(change, Truncated):
        yield change
        return
    for first in range(0, len(change.data), SECTOR):
        if chance.random() < 0.5:
            data = bytearray(change.data[first : first + SECTOR])
            if is_damaged:
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            yield Written(name=change.name, offset=change.offset + first, data=bytes(data))


@dataclass(slots=True, kw_only=True)
class Cuts:
    """``torn`` cuts came while something was not synced; ``checkpoints``: pages went over into the file itself."""

    count: int = 0
    torn: int = 0
    checkpoints: bool = False
    promised: int = 0
    violations: list[str] = field(default_factory=list)


def cut(before: Disk, steps: Sequence[Step], folder: Path, *, times: int, chance: random.Random) -> Cuts:
    """Cut power at ``times`` random steps, each with a random fate of what was not synced, and judge what is left."""
    done = Cuts(checkpoints=any(isinstance(step, Written) and step.name == "db" for step in steps))
    points = sorted(chance.randrange(len(steps) + 1) for _ in range(times))
    disk, at = before, 0
    for number, point in enumerate(points):
        for step in steps[at:point]:
            disk.take(step)
        at = point
        fate = chance.choice(FATES)
        found = _judge(disk, disk.after_cut(chance, fate), folder, is_for_core=number % OPENED_BY_CORE == 0)
        done.count += 1
        done.torn += any(disk.since.values())
        done.violations += [f"cut at write {point} of {len(steps)}, {fate} left: {violation}" for violation in found]
    done.promised = len(disk.promised)
    return done


def _judge(disk: Disk, image: dict[str, bytearray], folder: Path, *, is_for_core: bool) -> list[str]:
    """Sound, with everything that was promised (I1), each once, and the audit log's chain unbroken (I9)."""
    path = _write(image, folder)
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            found = _faults(connection, disk.promised)
        if is_for_core and not found:
            Journal(path).close()
    except (sqlite3.Error, OSError) as error:
        return [f"the journal does not open: {error}"]
    return found


def _write(image: dict[str, bytearray], folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "journal.db"
    path.write_bytes(image["db"])
    path.with_name("journal.db-wal").write_bytes(image["wal"])
    return path


def _faults(connection: sqlite3.Connection, promised: set[Number]) -> list[str]:
    found = [f"integrity: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row != ("ok",)]
    rows = connection.execute("SELECT node, boot, seq, count(*) FROM readings WHERE revision = 0 GROUP BY 1, 2, 3")
    counts = {row[:3]: row[3] for row in rows}
    lost = sorted(promised - counts.keys())
    found += [f"acknowledged and lost: {number}" for number in lost[:3]]
    found += [f"stored twice: {number}" for number, count in counts.items() if count > 1]
    broken = first_broken(AuditEntry(*row) for row in connection.execute("SELECT * FROM audit ORDER BY id"))
    return found if broken is None else [*found, f"the audit log's chain is broken at {broken.id}"]
