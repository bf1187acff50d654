"""Whether a run was right: every observation stored once, every breach told once, and nothing else.

A run whose audit fails has no figures.
"""

import contextlib
import re
import time
from collections import Counter

from firmware_sim.fleet_plan import distance_mm, story
from firmware_sim.fleet_record import Record
from tests.bench.field import BenchField
from tests.installation import eventually

STATION_IN_TEXT = re.compile(r"Pos (\d{6})")
QUIET_S = 90.0
SHOWN = 5
DATUM_M = 6.5  # of the stations of deploy.commands.simulate
LEVEL_M = 0.0005
TAKEN = ("accepted", "delivered")


class AuditFailed(Exception):
    """The run was wrong; one line a fault."""


def audit(field: BenchField, record: Record, *, quiet_s: float = QUIET_S) -> None:
    """Compare the one run of a field with its journal and its provider's log; raises AuditFailed."""
    breaches = story(record.load, field.stations)
    told = {node for node, number in breaches.items() if number < record.scheduled}
    faults = []
    try:
        eventually(lambda: _is_quiet(field, len(told)), "the last messages", quiet_s)
    except AssertionError as error:
        faults.append(str(error))
    time.sleep(0.2)  # what should not come has a moment to come all the same
    faults += _readings(field, record, breaches)
    faults += _messages(field, told)
    faults += _alerts(field, told)
    faults += _ledger(field, told)
    faults += _counters(field, record, quiet_s)
    if faults:
        raise AuditFailed("\n".join(faults))


def _is_quiet(field: BenchField, posts: int) -> bool:
    return len(field.provider.posts()) >= posts and field.installation.status().get("open_messages") == 0


def _readings(field: BenchField, record: Record, breaches: dict[int, int]) -> list[str]:
    boot, stored_before = record.load.boot, record.load.backlog_minutes
    rows = field.installation.rows(
        "SELECT node, count(*), count(DISTINCT seq), min(seq), max(seq), sum(raw), sum(raw * seq), "
        f"sum(value IS NULL OR abs(value - {DATUM_M} + raw / 1000.0) > {LEVEL_M}) "
        f"FROM readings WHERE boot = {boot} GROUP BY node"
    )
    stored = {row[0]: row[1:] for row in rows}
    faults = []
    for number, node in enumerate(field.nodes):
        live = len(range(number, record.scheduled, field.stations))
        breach = breaches.get(number)
        breach_seq = None if breach is None else breach // field.stations
        values = [distance_mm(number, seq, breach_seq=None) for seq in range(stored_before)]
        values += [distance_mm(number, seq, breach_seq=breach_seq) for seq in range(live)]
        if _summary(values) != stored.pop(node, None):
            faults.append(f"{node}: {_difference(field, node, boot, values)}")
    faults += [f"{node} has readings that nobody published" for node in stored]
    return _some(faults)


def _summary(values: list[int]) -> tuple[float, ...] | None:
    """Of a node's readings: how many, which, what they say, and that every level is that of its distance."""
    if not values:
        return None
    count = len(values)
    weighted = sum(seq * value for seq, value in enumerate(values))
    return (count, count, 0, count - 1, float(sum(values)), float(weighted), 0)


def _difference(field: BenchField, node: str, boot: int, values: list[int]) -> str:
    rows = field.installation.rows(f"SELECT seq, raw, value FROM readings WHERE node = '{node}' AND boot = {boot}")
    times = Counter(seq for seq, _, _ in rows)
    due = range(len(values))
    lost = sorted(set(due) - times.keys())
    twice = sorted(seq for seq, n in times.items() if n > 1)
    extra = sorted(times.keys() - set(due))
    altered = [
        f"reading {seq} says {raw:g} mm and {level} m, published were {values[seq]} mm"
        for seq, raw, level in sorted(rows)
        if seq in due and (raw != values[seq] or level is None or abs(level - DATUM_M + raw / 1000) > LEVEL_M)
    ]
    told = f"{len(values)} published; lost {lost[:SHOWN]}, stored twice {twice[:SHOWN]}, "
    return "; ".join([f"{told}never published {extra[:SHOWN]}", *altered[:SHOWN]])


def _messages(field: BenchField, told: set[int]) -> list[str]:
    posts = field.provider.posts()
    named = [STATION_IN_TEXT.search(post.body) for post in posts]
    faults = [f"a message names no station: {post.body}" for post, n in zip(posts, named, strict=True) if n is None]
    counts = Counter(int(found[1]) for found in named if found is not None)
    faults += [f"station {n:06d} breached and nobody was told" for n in sorted(told - counts.keys())]
    faults += [f"station {n:06d} was told {count} times" for n, count in counts.items() if count > 1]
    faults += [f"station {n:06d} did not breach and was told" for n in sorted(counts.keys() - told)]
    return _some(faults)


def _alerts(field: BenchField, told: set[int]) -> list[str]:
    rows = field.installation.rows("SELECT station, kind, level FROM alerts")
    expected = sorted((field.nodes[node], "raised", 3) for node in told)
    return [] if expected == sorted(rows) else [f"{len(rows)} alert versions in the journal, {len(expected)} expected"]


def _ledger(field: BenchField, told: set[int]) -> list[str]:
    """The outbox says of each first message, once, that the provider took it: it can be proved afterwards."""
    marks = ", ".join(f"'{state}'" for state in TAKEN)
    rows = field.installation.rows(
        f"SELECT a.station, a.alert, (SELECT count(*) FROM outbox o WHERE o.alert = a.alert AND o.version = a.version "
        f"AND o.state IN ({marks})) FROM alerts a"
    )
    counts = {station: (alert, count) for station, alert, count in rows}
    found = [(field.nodes[node], *counts.get(field.nodes[node], ("no alert", 0))) for node in sorted(told)]
    return _some(
        [
            f"{station}: {count} messages of {alert} in the outbox that the provider took, 1 expected"
            for station, alert, count in found
            if count != 1
        ]
    )


def _counters(field: BenchField, record: Record, quiet_s: float) -> list[str]:
    faults = []
    # Garbage is sent once; what was on its way when a connection was dropped may be lost.
    least = record.garbage - record.garbage_unsure
    with contextlib.suppress(AssertionError):  # the count below says more
        eventually(lambda: _counted(field, "dead_letters") >= least, "the last garbage", quiet_s)
    dead = _counted(field, "dead_letters")
    if not least <= dead <= record.garbage:
        published = f"{record.garbage} garbage published, {record.garbage_unsure} of it lost perhaps"
        faults.append(f"{published}; {dead} dead letters counted")
    # More is no fault: what the broker or a node was not sure of comes again, and is stored once all the same.
    copies = _counted(field, "duplicates")
    if copies < record.duplicates:
        faults.append(f"{record.duplicates} duplicates published, {copies} counted")
    return faults


def _counted(field: BenchField, what: str) -> int:
    return int(field.installation.status()["counters"].get(what, 0))


def _some(faults: list[str]) -> list[str]:
    more = [f"... and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    return faults[:SHOWN] + more
