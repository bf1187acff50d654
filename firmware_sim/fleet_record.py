"""What a run of the fleet did: stamps of every observation, and the fleet's own account of whether it kept up."""

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from firmware_sim.fleet_plan import Load

MS: Final = 1e6
BUSY: Final = 0.8  # share of one CPU above which the generator, and not what it loads, sets the pace
LATE_MS: Final = 50.0
SHORT: Final = 0.99  # share of the rate that must have left in time


class Record(msgspec.Struct, kw_only=True):
    """Stamps are ns since 1970, one per observation in the order of their numbers; 0: it never happened."""

    load: Load
    nodes: list[str]
    start_ns: int
    end_ns: int = 0  # when the last observation left
    sent: bytes = b""
    broker: bytes = b""  # PUBACK: the broker has it
    acked: bytes = b""  # application ACK: core has it on disk
    scheduled: int = 0  # observations that were due before the run ended
    duplicates: int = 0
    garbage: int = 0
    garbage_unsure: int = 0  # of it, on its way when its connection was lost: it may never have reached the broker
    resent: int = 0  # sent again because no application ACK came, or the connection was lost
    reconnected: int = 0
    lost_connections: int = 0  # connections lost that nobody meant to lose
    held: int = 0  # not sent when due: the broker had stopped acknowledging
    backlog: int = 0  # stored observations that were published
    backlog_acked: int = 0
    backlog_seconds: float = 0.0  # until the last of them was acknowledged
    unacknowledged: int = 0
    cpu_s: float = 0.0  # the generator's own, while observations were due
    wall_s: float = 0.0

    def stamps(self, name: str) -> "array[int]":
        values = array("q")
        values.frombytes(getattr(self, name))
        return values

    def latencies_ms(self, name: str) -> list[float]:
        """From when each observation was due to its stamp ``name``, sorted; those that never happened are left out."""
        start, due = self.start_ns, self.load.due_ns
        found = [(stamp - start - due(n)) / MS for n, stamp in enumerate(self.stamps(name)) if stamp]
        found.sort()
        return found

    @property
    def cpu_share(self) -> float:
        """Of one CPU, while observations were due."""
        return self.cpu_s / self.wall_s if self.wall_s else 0.0

    def limits(self) -> list[str]:
        """Why the generator itself was the limit of this run; empty: it was not."""
        found = []
        late = self.latencies_ms("sent")
        if self.cpu_share > BUSY:
            found.append(f"it used {self.cpu_share:.0%} of a CPU")
        if percentile(late, 0.99) > LATE_MS:
            found.append(f"1 % of its publishes left more than {percentile(late, 0.99):.0f} ms late")
        planned_s = max(self.scheduled / self.load.rate, 1e-9)
        sent_s = max((self.end_ns - self.start_ns) / 1e9, 1e-9)
        if len(late) and len(late) / sent_s < SHORT * self.scheduled / planned_s and sent_s > planned_s + LATE_MS / 1e3:
            found.append(f"it sent {len(late) / sent_s:.0f}/s of {self.load.rate:.0f}/s")
        return found

    def save(self, path: Path) -> None:
        path.write_bytes(msgspec.msgpack.encode(self))


def load(path: Path) -> Record:
    return msgspec.msgpack.decode(path.read_bytes(), type=Record)


def percentile(ordered: Sequence[float], part: float) -> float:
    """The value that ``part`` of ``ordered`` does not exceed (nearest rank); 0 of nothing."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -int(-part * len(ordered) // 1) - 1))]


def summary(record: Record) -> str:
    """For a person, some lines."""
    late, stored = record.latencies_ms("sent"), record.latencies_ms("acked")
    lines = [
        f"published      {len(late)} of {record.scheduled} observations due, by {len(record.nodes)} nodes",
        f"beside         {record.duplicates} duplicates, {record.garbage} garbage, {record.resent} sent again",
        f"connections    {record.reconnected} opened again, {record.lost_connections} lost unasked",
        f"held back      {record.held}, because the broker had stopped acknowledging",
        f"acknowledged   {len(stored)} by core, {record.unacknowledged} not",
        f"lateness       {_spread(late)}  (publish after its schedule)",
        f"until on disk  {_spread(stored)}  (schedule to application ACK)",
        f"generator      {record.cpu_share:.0%} of one CPU",
    ]
    if record.backlog:
        pace = record.load.backlog_minutes * 60 / record.backlog_seconds if record.backlog_seconds else 0.0
        lines.insert(5, f"backlog        {record.backlog_acked} of {record.backlog} stored, {pace:.0f}x real time")
    limits = record.limits()
    if limits:
        lines.append(f"VERDICT        the generator was the limit: {'; '.join(limits)}. Ask for less.")
    else:
        lines.append("VERDICT        the generator was not the limit")
    return "\n".join(lines)


def _spread(ordered: Sequence[float]) -> str:
    marks = ((0.5, "p50"), (0.99, "p99"), (1.0, "max"))
    return "  ".join(f"{name} {percentile(ordered, part):.2f} ms" for part, name in marks)
