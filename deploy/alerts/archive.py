"""What the web reads of the journal, read-only and beside core: alerts of any age, their messages, the log.

Journal ids rise with time, over all tables: they bound what is looked through.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Table

from alerting import notice_tables, tables
from alerting.escalation import Escalation
from alerting.messages import OF_BEAT, OF_DAILY
from alerting.notices import Notice
from alerting.outbox import Entry
from alerting.web.alerts.archive import (
    SENT,
    Acceptance,
    AlertRow,
    ArchiveUnavailable,
    LogRow,
    MessageRow,
    NoticeRow,
    PublishedRow,
    Story,
    TallyRow,
    VersionRow,
    Wanted,
    Watch,
)
from broker.levels import Level
from deploy.alerts.alert_records import LAST_VERSION, STANDS, Version
from deploy.alerts.archive_names import ArchiveNames

LOOKED_THROUGH: Final = 5000  # alerts, for one page of a list
MOST_LOG: Final = 400
MOST_AREAS: Final = 2000
SLACK_MS: Final = 30 * 60_000  # rows of one table are in the order of time up to this
AFTER_SLASH: Final = "0"  # the character after "/"
COUNTED: Final = (
    "SELECT version, public, channel, state, count(*) FROM outbox WHERE key >= ? AND key < ? "
    "GROUP BY version, public, channel, state"
)
ACCEPTED: Final = "SELECT settled_at, state FROM outbox WHERE key >= ? AND key < ? AND public = ?"
TALLIED: Final = (
    "SELECT public, channel, state, count(*) FROM outbox WHERE id >= ? AND created_at >= ? AND created_at < ? "  # noqa: S608 - our own names
    f"AND alert NOT GLOB '{OF_BEAT}*' AND alert NOT GLOB '{OF_DAILY}*' GROUP BY public, channel, state"
)
LOG_COLUMNS: Final = "at, actor, action, subject, detail"
LOG: Final = f"SELECT {LOG_COLUMNS} FROM audit"  # noqa: S608 - our own names


def columns_of(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)


_notice: Final = msgspec.json.Decoder(Notice)
_escalation: Final = msgspec.msgpack.Decoder(Escalation)


class AlertArchive:
    """Opens the journal for each question, so that it may be made, moved or restored meanwhile."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._names = ArchiveNames()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True, timeout=5)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise ArchiveUnavailable(f"Catatan keputusan belum dapat dibaca: {error}.") from None

    # -- alerts --------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, limit: int) -> tuple[Sequence[AlertRow], int | None]:
        """See :class:`alerting.web.alerts.archive.Archive`."""
        found: list[AlertRow] = []
        with self._open() as connection:
            for seen, version in enumerate(_last_versions(connection, wanted)):
                row = self._alert(connection, version)
                if wanted.is_acknowledged in (None, bool(row.acknowledged_by)):
                    found.append(row)
                if len(found) == limit or seen == LOOKED_THROUGH:
                    return found, version.id
        return found, None

    def _alert(self, connection: sqlite3.Connection, last: Version) -> AlertRow:
        query = "SELECT min(decided_at), max(level) FROM alerts WHERE alert = ?"
        raised_at, worst = connection.execute(query, (last.alert,)).fetchone()
        state = _escalation_of(connection, last.alert)
        return AlertRow(
            last=self._version(connection, last),
            raised_at=raised_at,
            worst=Level(worst).name,
            acknowledged_by=state.acknowledged_by if state is not None else "",
        )

    def story(self, alert: str) -> Story | None:
        """See :class:`alerting.web.alerts.archive.Archive`."""
        with self._open() as connection:
            found = [Version(*row) for row in _alerts(connection, "WHERE alert = ? ORDER BY version", (alert,))]
            if not found:
                return None
            first, last = found[0], found[-1]
            ends_at = last.decided_at if last.kind in ("ended", "cancelled") else 2**62
            within = "WHERE id >= ? AND decided_at <= ? AND hazard = ? ORDER BY id LIMIT ?"
            areas = [] if first.hazard == "area" else self._caused(connection, first, ends_at + SLACK_MS)
            faults = _alerts(connection, within, (first.id, ends_at, "data", MOST_LOG))
            mine = list(dict.fromkeys([alert, *(each.alert for each in areas)]))
            notices = list(self._notices(connection, first.id, set(mine)))
            state = _escalation_of(connection, alert)
            return Story(
                versions=[self._version(connection, each) for each in found],
                acknowledged_by=state.acknowledged_by if state is not None else "",
                acknowledged_at=state.acknowledged_at if state is not None else None,
                areas=[self._version(connection, each) for each in areas],
                notices=notices,
                log=_log_of(connection, first.id, [*mine, *(each.id for each in notices)]),
                faults=[self._version(connection, Version(*row)) for row in faults],
                published=_published(connection, mine),
            )

    def _caused(self, connection: sqlite3.Connection, first: Version, until: int) -> list[Version]:
        """Versions of areas' alerts that this station was a cause of, and those that followed them."""
        within = "WHERE id >= ? AND decided_at <= ? AND hazard = 'area' ORDER BY id LIMIT ?"
        found: list[Version] = []
        caused: set[str] = set()
        for row in _alerts(connection, within, (first.id, until, MOST_AREAS)):
            version = Version(*row)
            if version.alert in caused or first.station in version.decision.stations:
                caused.add(version.alert)
                found.append(version)
        return found

    def _notices(self, connection: sqlite3.Connection, first: int, alerts: set[str]) -> Iterator[NoticeRow]:
        """Of notices made since journal id ``first``: those that tell of one of the alerts."""
        columns = columns_of(notice_tables.notices)
        query = f"SELECT {columns} FROM notices WHERE number >= ? ORDER BY number"  # noqa: S608 - our own names
        for row in connection.execute(query, (first,)):
            notice = _notice.decode(row[3])
            if any(each.alert in alerts for each in notice.areas):
                yield self._notice(connection, notice)

    def _notice(self, connection: sqlite3.Connection, notice: Notice) -> NoticeRow:
        return NoticeRow(
            id=notice.id,
            state=notice.state,
            kind=notice.kind,
            level=Level(notice.level).name,
            areas=tuple(self._names.of(connection, each.area) for each in notice.areas),
            alerts=tuple((each.alert, each.version) for each in notice.areas),
            text=notice.texts["id"],
            is_manual=notice.is_manual,
            made_at=notice.made_at,
            decided_by=notice.decided_by,
            decided_at=notice.decided_at,
            approvals=tuple((each.by, each.at) for each in notice.approvals),
            audience=notice.audience,
            made=notice.cursor - notice.skipped,
        )

    def _version(self, connection: sqlite3.Connection, row: Version) -> VersionRow:
        decision = row.decision
        return VersionRow(
            id=row.id,
            alert=row.alert,
            version=row.version,
            scope=row.station,
            name=self._names.of(connection, row.station),
            hazard=row.hazard,
            kind=row.kind,
            level=Level(row.level).name,
            decided_at=row.decided_at,
            at=decision.at,
            received_at=decision.received_at,
            value=decision.value,
            value_at=decision.value_at,
            why=row.why,
            by=decision.by or "",
            stations=tuple(decision.stations),
        )

    # -- messages ------------------------------------------------------------------------------------------------

    def tally(self, alerts: Sequence[str]) -> Sequence[TallyRow]:
        """See :class:`alerting.web.alerts.archive.Archive`."""
        with self._open() as connection:
            return [
                TallyRow(alert=alert, version=row[0], public=bool(row[1]), channel=row[2], state=row[3], count=row[4])
                for alert in alerts
                for row in connection.execute(COUNTED, (f"{alert}/", f"{alert}{AFTER_SLASH}"))
            ]

    def acceptance(self, alerts: Sequence[tuple[str, int]], *, public: bool) -> Acceptance:
        """See :class:`alerting.web.alerts.archive.Archive`."""
        count, taken = 0, list[int]()
        with self._open() as connection:
            for alert, version in alerts:
                first = f"{alert}/{version}"
                for settled_at, state in connection.execute(ACCEPTED, (f"{first}/", f"{first}{AFTER_SLASH}", public)):
                    count += 1
                    taken += [settled_at] if state in SENT and settled_at is not None else []
        taken.sort()
        enough = -(-count * 95 // 100)
        most_at = taken[enough - 1] if 0 < enough <= len(taken) else None
        return Acceptance(count=count, first_at=taken[0] if taken else None, most_at=most_at)

    def messages(
        self, alert: str, *, version: int | None, state: str | None, offset: int, limit: int
    ) -> Sequence[MessageRow]:
        """See :class:`alerting.web.alerts.archive.Archive`."""
        where = "WHERE key >= ? AND key < ? AND (? IS NULL OR version = ?) AND (? IS NULL OR state = ?)"
        query = f"SELECT {columns_of(tables.outbox)} FROM outbox {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608
        given = (f"{alert}/", f"{alert}{AFTER_SLASH}", version, version, state, state, limit, offset)
        with self._open() as connection:
            return [_message(Entry(*row)) for row in connection.execute(query, given)]

    # -- a watch -------------------------------------------------------------------------------------------------

    def watch(self, start: int, end: int, actions: Collection[str]) -> Watch:
        """See :class:`alerting.web.alerts.archive.Archive`."""
        within = (start, end)
        with self._open() as connection:
            first = _first_id(connection, "alerts", "decided_at", start)
            decided = "FROM alerts WHERE id >= ? AND decided_at >= ? AND decided_at < ?"
            rows, versions_before = _newest(
                connection, columns_of(tables.alerts), decided, (first, *within), MOST_AREAS
            )
            versions = [self._version(connection, Version(*row)) for row in rows]
            counted = connection.execute(TALLIED, (_first_id(connection, "outbox", "created_at", start), *within))
            tally = [
                TallyRow(alert="", version=0, public=bool(row[0]), channel=row[1], state=row[2], count=row[3])
                for row in counted
            ]
            marks = ", ".join("?" * len(actions))
            done = f"FROM audit WHERE id >= ? AND at >= ? AND at < ? AND action IN ({marks})"
            given = (_first_id(connection, "audit", "at", start), *within, *actions)
            noted, log_before = _newest(connection, LOG_COLUMNS, done, given, MOST_LOG)
        return Watch(
            versions=versions,
            tally=tally,
            log=[_log_row(row) for row in noted],
            versions_before=versions_before,
            log_before=log_before,
        )


def _newest(
    connection: sqlite3.Connection, columns: str, source: str, given: Sequence[object], most: int
) -> tuple[list[tuple[Any, ...]], int]:
    """The last ``most`` rows in the order of their ids, and how many there are before them."""
    found = connection.execute(f"SELECT {columns} {source} ORDER BY id DESC LIMIT ?", (*given, most)).fetchall()
    if len(found) < most:
        return found[::-1], 0
    count = int(connection.execute(f"SELECT count(*) {source}", given).fetchone()[0])
    return found[::-1], count - len(found)


def _last_versions(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Version]:
    """The last version of each alert that is wanted but for its acknowledgement, the newest first."""
    where, given = [LAST_VERSION], list[object]()
    for clause, value in (
        ("AND id < ?", wanted.before),
        ("AND hazard = ?", wanted.hazard),
        ("AND decided_at >= ?", wanted.since),
        ("AND decided_at < ?", wanted.until),
    ):
        if value is not None:
            where.append(clause)
            given.append(value)
    if wanted.is_active is not None:
        where.append(STANDS if wanted.is_active else STANDS.replace("NOT IN", "IN"))
    return (Version(*row) for row in _alerts(connection, f"{' '.join(where)} ORDER BY id DESC", given))


def _alerts(connection: sqlite3.Connection, where: str, given: Sequence[object]) -> Iterator[tuple[Any, ...]]:
    return iter(connection.execute(f"SELECT {columns_of(tables.alerts)} FROM alerts {where}", given))  # noqa: S608


def _escalation_of(connection: sqlite3.Connection, alert: str) -> Escalation | None:
    """What is known of who deals with it; None while nobody does, or when a version is newer than his word."""
    row = connection.execute("SELECT state FROM escalations WHERE alert = ?", (alert,)).fetchone()
    state = None if row is None else _escalation.decode(row[0])
    return state if state is not None and (state.is_acknowledged or state.is_over) else None


def _published(connection: sqlite3.Connection, alerts: Sequence[str]) -> list[PublishedRow]:
    """CAP messages about these alerts that were written, the oldest first."""
    query = "SELECT identifier, alert, version, type, sent FROM cap_messages WHERE alert = ? AND document IS NOT NULL"
    found = [
        PublishedRow(identifier=row[0], alert=row[1], version=row[2], type=row[3], sent=row[4])
        for alert in alerts
        for row in connection.execute(query, (alert,))
    ]
    return sorted(found, key=lambda each: each.sent)


def _log_of(connection: sqlite3.Connection, first: int, subjects: Sequence[str]) -> list[LogRow]:
    """What people did about these alerts and notices; an alert's versions are subjects of their own."""
    found = list[LogRow]()
    wanted = frozenset(subjects)
    for row in connection.execute(f"{LOG} WHERE id >= ? AND actor NOT IN ('engine') ORDER BY id", (first,)):
        if row[3] in wanted or row[3].partition(" v")[0] in wanted:
            found.append(_log_row(row))
        if len(found) == MOST_LOG:
            break
    return found


def _log_row(row: tuple[Any, ...]) -> LogRow:
    return LogRow(at=row[0], actor=row[1], action=row[2], subject=row[3], detail=row[4])


def _first_id(connection: sqlite3.Connection, table: str, column: str, at: int) -> int:
    """An id before every row of ``table`` whose ``column`` is ``at`` or later; found by halving, without an index."""
    low, high = 0, int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])  # noqa: S608
    query = f"SELECT id, {column} FROM {table} WHERE id >= ? ORDER BY id LIMIT 1"  # noqa: S608 - our own names
    while low < high:
        middle = (low + high) // 2
        row_id, when = connection.execute(query, (middle,)).fetchone()
        if when < at - SLACK_MS:
            low = int(row_id) + 1
        else:
            high = middle
    return low


def _message(entry: Entry) -> MessageRow:
    return MessageRow(
        version=entry.version,
        recipient=entry.recipient,
        address=entry.address,
        channel=entry.channel,
        state=entry.state,
        changed_at=entry.changed_at,
        settled_at=entry.settled_at,
        latency_ms=entry.latency_ms,
        reason=entry.reason,
        text=entry.body,
    )
