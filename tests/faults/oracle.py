"""What must hold after any fault, from logs that are kept outside of the processes that were killed.

Each function returns the faults found, one sentence each; an empty list is a pass.
"""

import contextlib
import json
import sqlite3
import urllib.request
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from tests.emulators.twilio_process import Post
from tests.influxd import Influxd
from tests.installation import Installation

SHOWN: Final = 5
MOST_ITEMS_AN_HOUR: Final = 100  # an officer gets at once
TOLD: Final = ("accepted", "delivered")
# All tables whose rows take an id from the journal's one count.
_IDS: Final = " UNION ALL ".join(
    f"SELECT id FROM {table}" for table in ("readings", "dead_letters", "alerts", "outbox", "audit", "rules")
)

_POINT: Final = "station, quantity, time, value, raw, flag, node, revision"
INFLUX_DATABASE: Final = "faults"

Number = tuple[str, int, int]  # node, boot, seq


def reading_faults(installation: Installation, acked: Collection[Number]) -> list[str]:
    """Whatever was acknowledged is stored, and nothing is stored twice (I1)."""
    rows = installation.rows("SELECT node, boot, seq, series FROM readings WHERE revision = 0")
    twice = [row for row, count in Counter(rows).items() if count > 1]
    lost = set(acked) - {row[:3] for row in rows}
    return _some("reading stored twice", twice) + _some("acknowledged and lost", sorted(lost))


def journal_faults(installation: Installation) -> list[str]:
    """The file is sound, ids are never used twice, and the audit log's chain holds (I9)."""
    faults = [f"integrity: {row[0]}" for row in installation.rows("PRAGMA integrity_check") if row != ("ok",)]
    repeated = installation.rows(f"SELECT id FROM ({_IDS}) GROUP BY id HAVING count(*) > 1")
    faults += _some("journal id used twice", repeated)
    broken = first_broken(AuditEntry(*row) for row in installation.rows("SELECT * FROM audit ORDER BY id"))
    if broken is not None:
        faults.append(f"the audit log's chain is broken at {broken.id}")
    return faults


def gather_late(installation: Installation) -> None:
    """Have officers told of everything at once, as far as a policy may: a message that waits looks like a lost one."""
    installation.ask("policy-set", changes={"most_items_an_hour": MOST_ITEMS_AN_HOUR}, by="test", reason="test")


def message_faults(
    installation: Installation, sent: Counter[str], *, in_doubt: Collection[str] = frozenset()
) -> list[str]:
    """Every message of every alert version has exactly one taken by its channel, and the journal says so (I3).

    ``sent`` counts by the outbox's key what the channel took. A provider that answers look-ups leaves no doubt about
    any message, so that a second one is a fault, but for alerts ``in_doubt``, which may be told twice. What does not go
    up may be gathered into a digest once an officer has had as many messages as an hour allows.
    """
    rows = installation.rows("SELECT key, state FROM outbox")
    untold = [f"{key} ({state})" for key, state in rows if not sent[key] or state not in TOLD]
    most = {key: 2 if key.partition("/")[0] in in_doubt else 1 for key, _ in rows}
    repeated = [f"{key} ({sent[key]} times)" for key in most if sent[key] > most[key]]
    unknown = sorted(set(sent) - {key for key, _ in rows})
    officers = len(installation.settings.officers)
    counts = installation.rows(
        "SELECT a.alert, a.version, count(o.id), a.kind FROM alerts a LEFT JOIN outbox o USING (alert, version) "
        "GROUP BY a.id ORDER BY a.id"
    )
    told = [
        row
        for number, row in enumerate(counts)
        if row[2] or number < MOST_ITEMS_AN_HOUR or row[3] in ("raised", "raised_higher")
    ]
    faults = _some("not told", untold) + _some("told again", repeated) + _some("sent without a record", unknown)
    return faults + _some("versions without a message to everybody", [row for row in told if row[2] != officers])


def sent_by_twilio(
    installation: Installation, posts: Collection[Post], *, numbers: Mapping[str, str] = MappingProxyType({})
) -> Counter[str]:
    """What the provider took, by the outbox's key; messages are told apart by recipient and text.

    ``numbers`` are those of recipients who are not officers of the settings file, by id: the outbox has none.
    """
    known = {officer.name: officer.phone for officer in installation.settings.officers} | dict(numbers)
    keys: dict[tuple[str, str], str] = {}
    for key, recipient, body in installation.rows("SELECT key, recipient, body FROM outbox"):
        other = keys.setdefault((known[recipient], body), key)
        assert other == key, f"{other} and {key} have the same text: the story must tell them apart"
    taken = [(post.to, post.body) for post in posts if post.sid is not None]
    return Counter(keys.get(pair, f"no message like {pair}") for pair in taken)


def sent_by_demo(installation: Installation) -> Counter[str]:
    return Counter(str(message["key"]) for message in installation.demo_messages())


def story_faults(
    installation: Installation, expected: list[tuple[str, int]], *, is_told: Callable[[int], bool] = lambda _: True
) -> list[str]:
    """Each finished episode of level at station ``welang`` has exactly the versions ``expected``, as (kind, level).

    ``is_told`` says of an episode's number whether its story was played without delays of the test's own.
    """
    episodes: dict[int, list[tuple[str, int]]] = {}
    for alert, version, kind, level in installation.alerts():
        number = int(alert.rpartition(".")[2])
        versions = episodes.setdefault(number, [])
        versions.append((kind, level) if version == len(versions) + 1 else (f"{kind} as version {version}", level))
    other = [f"{n}: {found}" for n, found in episodes.items() if found != expected and is_told(n)]
    return _some("episode unlike its story", other)


def ending_faults(installation: Installation, expected: list[tuple[str, int]], numbers: Collection[int]) -> list[str]:
    """Each of the episodes ``numbers`` came to the highest level of ``expected``, in rising steps, and then ended."""
    highest = max(level for _, level in expected)
    episodes: dict[int, list[tuple[str, int]]] = {number: [] for number in numbers}
    for alert, _, kind, level in installation.alerts():
        episodes.get(int(alert.rpartition(".")[2]), []).append((kind, level))
    other = []
    for number, versions in episodes.items():
        levels = [level for _, level in versions[:-1]]
        if not levels or levels != sorted(set(levels)) or levels[-1] != highest or versions[-1] != expected[-1]:
            other.append(f"{number}: {versions}")
    return _some("episode that does not end like its story", other)


def history_faults(installation: Installation, influxd: Influxd | None = None) -> list[str]:
    """History holds what the journal holds: of each station, quantity and time the last row, and nothing else."""
    rows = installation.rows(f"SELECT {_POINT} FROM readings ORDER BY id")
    expected = {row[:3]: row[3:] for row in rows}
    found = _points_of_sqlite(installation) if influxd is None else _points_of_influx(influxd)
    missing = sorted(expected.keys() - found.keys())
    extra = sorted(found.keys() - expected.keys())
    other = sorted(key for key in expected.keys() & found.keys() if expected[key] != found[key])
    return _some("not in history", missing) + _some("only in history", extra) + _some("other in history", other)


def _points_of_sqlite(installation: Installation) -> dict[Any, Any]:
    path = installation.state.history
    if not path.exists():
        return {}  # it has not begun yet
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'points'").fetchone() is None:
            return {}
        return {row[:3]: row[3:] for row in connection.execute(f"SELECT {_POINT} FROM points")}


def _points_of_influx(influxd: Influxd) -> dict[Any, Any]:
    """Asked of the server itself, past the code under test; its numbers are floats, and ``nulls`` says what is none."""
    statement = (
        'SELECT "value", "raw", "flag", "nulls", "node", "revision" FROM "reading" GROUP BY "station", "quantity"'
    )
    address = f"{influxd.url}/query?{urlencode({'db': INFLUX_DATABASE, 'epoch': 'ms', 'q': statement})}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        (result,) = json.load(answer)["results"]
    found = {}
    for series in result.get("series", []):
        of_series = (series["tags"]["station"], series["tags"]["quantity"])
        for at, value, raw, flag, nulls, node, revision in series["values"]:
            if flag is None or revision is None:
                continue  # fields become visible one by one: it is still being written, and asked for again
            numbers = (None if nulls in (1, 3) else value, None if nulls in (2, 3) else raw)
            found[*of_series, at] = (*numbers, int(flag), node, int(revision))
    return found


def _some(what: str, items: Collection[object]) -> list[str]:
    shown = [f"{what}: {item}" for item in list(items)[:SHOWN]]
    return [*shown, f"... and {len(items) - SHOWN} more"] if len(items) > SHOWN else shown
