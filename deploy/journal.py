"""The journal: one SQLite file, one connection, one transaction for everything that one turn of the core decides.

Only core opens it for writing. Everyone else reads it with ``mode=ro``.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import sqlite

from alerting import cap_tables, notice_tables, recipient_tables, subscription_tables, tables, user_tables
from alerting.audit import GENESIS, audit_entry
from alerting.audit import Entry as AuditEntry
from alerting.outbox import Entry as OutboxEntry
from deploy.nodes import installation_tables
from deploy.registry import tables as registry_tables
from deploy.state_folder import StateFolderUnusable
from ingest.nodes import node_states, nodes
from ingest.readings import Reading, dead_letters, readings
from ingest.readings import metadata as ingest_metadata

journal_metadata: Final = MetaData()

values: Final = Table(
    "journal_values",
    journal_metadata,
    sqlalchemy.Column("key", sqlalchemy.String, primary_key=True),
    sqlalchemy.Column("value", sqlalchemy.Text, nullable=False),
)
commands: Final = Table(
    "commands",
    journal_metadata,
    sqlalchemy.Column("key", sqlalchemy.String, primary_key=True),
    sqlalchemy.Column("at", sqlalchemy.Integer, nullable=False),
    sqlalchemy.Column("answer", sqlalchemy.Text, nullable=False),
)
METADATA: Final = (
    journal_metadata,
    ingest_metadata,
    tables.metadata,
    registry_tables.metadata,
    installation_tables.metadata,
)
SCHEMA: Final = "5"

CACHE_KIB: Final = 32 * 1024
CHECKPOINT_PAGES: Final = 4000  # a checkpoint costs two syncs in the path of a commit; 16 MB makes it rare
PRUNE_SLICE: Final = 5000
SNAPSHOT_FLOOR: Final = "snapshot_floor"  # the journal id up to which every state is complete


def _insert(table: Table, *, replace: bool = False) -> str:
    statement = sqlite.insert(table)
    if replace:
        keys = [column.name for column in table.primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=keys,
            set_={c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys},
        )
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))


INSERT_READING: Final = _insert(readings)
INSERT_DEAD_LETTER: Final = _insert(dead_letters)
INSERT_ALERT: Final = _insert(tables.alerts)
INSERT_AUDIT: Final = _insert(tables.audit)
INSERT_RULES: Final = _insert(tables.rules)
PUT_MESSAGE: Final = _insert(tables.outbox, replace=True)
PUT_STATION_STATE: Final = _insert(tables.station_states, replace=True)
PUT_SCOPE_STATE: Final = _insert(tables.scope_states, replace=True)
PUT_NODE_STATE: Final = _insert(node_states, replace=True)
PUT_NODE: Final = _insert(nodes, replace=True)
PUT_STATION: Final = _insert(registry_tables.stations, replace=True)
PUT_AREA: Final = _insert(registry_tables.areas, replace=True)
INSERT_VERSION: Final = _insert(registry_tables.versions)
INSERT_GAUGE: Final = _insert(registry_tables.staff_gauge)
PUT_SIGHTING: Final = _insert(registry_tables.sightings, replace=True)
PUT_VALUE: Final = _insert(values, replace=True)
PUT_COMMAND: Final = _insert(commands)
PUT_CAP_MESSAGE: Final = _insert(cap_tables.cap_messages, replace=True)
INSERT_POLICY: Final = _insert(notice_tables.policies)
PUT_NOTICE: Final = _insert(notice_tables.notices, replace=True)
PUT_NOTICE_AUDIENCE: Final = _insert(notice_tables.notice_audiences, replace=True)
PUT_ESCALATION: Final = _insert(notice_tables.escalations, replace=True)
PUT_DIGEST: Final = _insert(notice_tables.digests, replace=True)
PUT_RECIPIENT: Final = _insert(recipient_tables.recipients, replace=True)
DELETE_RECIPIENT: Final = "DELETE FROM recipients WHERE id = ?"
INSERT_ROSTER: Final = _insert(recipient_tables.rosters)
PUT_ASKING: Final = _insert(subscription_tables.askings, replace=True)
INSERT_FIELD_REPORT: Final = _insert(subscription_tables.field_reports)
PUT_USER: Final = _insert(user_tables.users, replace=True)
PUT_ERASURE: Final = _insert(recipient_tables.erasures, replace=True)
PUT_INSTALLATION: Final = _insert(installation_tables.installations, replace=True)

Row = tuple[Any, ...]


def _null(nothing: None) -> None:
    return nothing


def _blob(data: bytes) -> bytes:
    return data


# sqlite3 looks for an adapter of every None and bytes that is written, and where there is none it raises and catches
# inside: with one reason in each reading this was a thirtieth of what core does with it.
sqlite3.register_adapter(type(None), _null)
sqlite3.register_adapter(bytes, _blob)


@dataclass(slots=True)
class Group:
    """What one turn adds to the journal, in the order of its tables' columns."""

    readings: list[Reading] = field(default_factory=list)
    dead_letters: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    messages: dict[str, OutboxEntry] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    station_states: dict[str, Row] = field(default_factory=dict)
    scope_states: dict[str, Row] = field(default_factory=dict)
    node_states: dict[str, Row] = field(default_factory=dict)
    nodes: list[Row] = field(default_factory=list)
    stations: dict[str, Row] = field(default_factory=dict)
    areas: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    gauges: list[Row] = field(default_factory=list)
    sightings: dict[int, Row] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    commands: list[Row] = field(default_factory=list)
    cap_messages: dict[str, Row] = field(default_factory=dict)
    policies: list[Row] = field(default_factory=list)
    notices: dict[int, Row] = field(default_factory=dict)
    notice_audiences: dict[int, Row] = field(default_factory=dict)
    escalations: dict[str, Row] = field(default_factory=dict)
    digests: dict[str, Row] = field(default_factory=dict)
    recipients: dict[str, Row] = field(default_factory=dict)
    recipients_gone: list[Row] = field(default_factory=list)
    erasures: list[Row] = field(default_factory=list)
    rosters: list[Row] = field(default_factory=list)
    askings: dict[int, Row] = field(default_factory=dict)
    field_reports: list[Row] = field(default_factory=list)
    users: dict[str, Row] = field(default_factory=dict)  # by key
    installations: dict[int, Row] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.readings and not any(getattr(self, name) for name in FIELDS)


FIELDS: Final = tuple(each.name for each in fields(Group))


class Journal:
    """Opened by core alone. Journal ids rise by one, over all tables, and are never used twice."""

    def __init__(self, path: Path) -> None:
        self._engine = sqlalchemy.create_engine(f"sqlite+pysqlite:///{path}")
        _prepare(self._engine)
        self._raw = self._engine.raw_connection()
        connection = self._raw.driver_connection
        assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - pysqlite's own promise, for the type checker
        self.connection = connection
        self.connection.isolation_level = None
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000")
        for pragma in (*pragmas, f"cache_size=-{CACHE_KIB}", f"wal_autocheckpoint={CHECKPOINT_PAGES}"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.last_id = self._greatest_id()
        self.audit_hash = self._last_audit_hash()

    def take_ids(self, count: int = 1) -> int:
        """The first of ``count`` new journal ids."""
        first = self.last_id + 1
        self.last_id += count
        return first

    def add_audit(self, group: Group, *, at: int, actor: str, action: str, subject: str, detail: object = None) -> None:
        row = audit_entry(
            self.audit_hash,
            entry_id=self.take_ids(),
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=detail,
        )
        self.audit_hash = row.hash
        group.audit.append(row)

    def write(self, group: Group) -> None:
        """Commit ``group`` whole and wait until it is on disk; raises sqlite3.Error having written nothing."""
        execute, many = self.connection.execute, self.connection.executemany
        if group.recipients_gone:
            execute("PRAGMA secure_delete=ON")  # what was sealed is overwritten too, not only unlinked
        execute("BEGIN IMMEDIATE")
        try:
            many(INSERT_READING, map(msgspec.structs.astuple, group.readings))
            for statement, rows in (
                (INSERT_DEAD_LETTER, group.dead_letters),
                (INSERT_ALERT, group.alerts),
                (INSERT_RULES, group.rules),
                (PUT_MESSAGE, [msgspec.structs.astuple(entry) for entry in group.messages.values()]),
                (INSERT_AUDIT, [msgspec.structs.astuple(entry) for entry in group.audit]),
                (PUT_STATION_STATE, list(group.station_states.values())),
                (PUT_SCOPE_STATE, list(group.scope_states.values())),
                (PUT_NODE_STATE, list(group.node_states.values())),
                (PUT_NODE, group.nodes),
                (PUT_STATION, list(group.stations.values())),
                (PUT_AREA, group.areas),
                (INSERT_VERSION, group.versions),
                (INSERT_GAUGE, group.gauges),
                (PUT_SIGHTING, list(group.sightings.values())),
                (PUT_VALUE, list(group.values.items())),
                (PUT_COMMAND, group.commands),
                (PUT_CAP_MESSAGE, list(group.cap_messages.values())),
                (INSERT_POLICY, group.policies),
                (PUT_NOTICE, list(group.notices.values())),
                (PUT_NOTICE_AUDIENCE, list(group.notice_audiences.values())),
                (PUT_ESCALATION, list(group.escalations.values())),
                (PUT_DIGEST, list(group.digests.values())),
                (PUT_RECIPIENT, list(group.recipients.values())),
                (DELETE_RECIPIENT, group.recipients_gone),
                (PUT_ERASURE, group.erasures),
                (INSERT_ROSTER, group.rosters),
                (PUT_ASKING, list(group.askings.values())),
                (INSERT_FIELD_REPORT, group.field_reports),
                (PUT_USER, list(group.users.values())),
                (PUT_INSTALLATION, list(group.installations.values())),
            ):
                if rows:
                    many(statement, rows)
            execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                execute("ROLLBACK")
            raise
        finally:
            if group.recipients_gone:
                execute("PRAGMA secure_delete=OFF")

    def rows(self, table: Table, where: str = "", parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Rows of ``table`` in the order of its columns; ``where`` is SQL after the table's name."""
        columns = ", ".join(column.name for column in table.columns)
        query = f"SELECT {columns} FROM {table.name} {where}"  # noqa: S608 - our own names
        return iter(self.connection.execute(query, parameters))

    def value(self, key: str) -> str | None:
        row = self.connection.execute("SELECT value FROM journal_values WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def slice_end(self, *, received_before: int, not_after: int, size: int) -> int | None:
        """The id below which at most ``size`` oldest readings may go; None when there are none."""
        rows = self.connection.execute(
            "SELECT id, received_at FROM (SELECT id, received_at FROM readings ORDER BY id LIMIT ?) ORDER BY id DESC",
            (size,),
        )
        for row_id, received_at in rows:
            if received_at < received_before and row_id <= not_after:
                return int(row_id) + 1
        return None

    def prune_readings(self, *, below_id: int) -> int:
        """Delete the readings with ids under ``below_id``; how many went."""
        return self.connection.execute("DELETE FROM readings WHERE id < ?", (below_id,)).rowcount

    def prune_dead_letters(self, *, keep: int) -> int:
        return self.connection.execute(
            "DELETE FROM dead_letters WHERE id <= (SELECT id FROM dead_letters ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (keep,),
        ).rowcount

    def forget_pages(self) -> None:
        """Give back the memory of pages that were read and are not soon needed again, as those of a start."""
        self.connection.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        self._raw.close()
        self._engine.dispose()

    def _greatest_id(self) -> int:
        sources = [("readings", "id"), ("dead_letters", "id"), ("alerts", "id"), ("outbox", "rev")]
        sources += [("audit", "id"), ("rules", "id"), ("registry_versions", "id")]
        # Ids that went to no row were used all the same: a state's rev tells which readings are in it, and a reading
        # with an id below it would be overlooked after a crash, then stored again.
        sources += [("station_states", "rev"), ("node_states", "rev")]
        sources += [("notices", "rev"), ("escalations", "rev")]
        sources += [("recipients", "id"), ("erasures", "recipient"), ("sightings", "id")]
        sources += [("subscription_askings", "id"), ("field_reports", "id")]
        sources += [("users", "id"), ("users", "stamp"), ("installations", "id")]
        found = [self.connection.execute(f"SELECT max({c}) FROM {t}").fetchone()[0] for t, c in sources]  # noqa: S608
        return max((int(i) for i in (*found, self.value(SNAPSHOT_FLOOR)) if i is not None), default=0)

    def _last_audit_hash(self) -> bytes:
        row = self.connection.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        return GENESIS if row is None else bytes(row[0])


def _prepare(engine: sqlalchemy.Engine) -> None:
    """Bring the schema to the newest migration; Alembic is only loaded when there is something to do."""
    with engine.connect() as connection:
        if sqlalchemy.inspect(connection).has_table("alembic_version"):
            found = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
            if found == SCHEMA:
                return
            if int(found or 0) > int(SCHEMA):
                raise StateFolderUnusable(
                    f"{engine.url.database}: written by a newer Kentongan (schema {found}; this one knows {SCHEMA}); "
                    "start that version, or restore the backup from before it"
                )
        else:
            # Only possible before the first table is made.
            connection.exec_driver_sql("PRAGMA auto_vacuum=INCREMENTAL")
            connection.exec_driver_sql("VACUUM")
    from deploy.migrations import upgrade  # noqa: PLC0415 - costs a third of a second, seldom needed

    upgrade(engine)
