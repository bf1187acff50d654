"""Alerts as the journal keeps them: every version with its cause and its sentence, and what became of its messages."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from alerting import tables
from alerting.episodes import Decision
from alerting.outbox import Entry
from broker.levels import Level
from deploy.core_commands.scope_names import nearest
from deploy.journal import Journal

LAST_VERSION: Final = (
    "WHERE NOT EXISTS (SELECT 1 FROM alerts AS later WHERE later.alert = alerts.alert "
    "AND later.version > alerts.version)"
)
STANDS: Final = "AND kind NOT IN ('ended', 'cancelled')"
KNOWN: Final = 200  # alerts among which a mistyped id is looked for


class Version(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``alerts``, in the table's order."""

    id: int
    alert: str
    version: int
    station: str
    hazard: str
    kind: str
    level: int
    decided_at: int
    cause: str
    why: str

    @property
    def decision(self) -> Decision:
        return msgspec.json.decode(self.cause, type=Decision)


def last_versions(journal: Journal, *, active: bool, limit: int) -> list[Version]:
    """The last version of each alert, the newest first; ``active``: of those that stand."""
    where = f"{LAST_VERSION} {STANDS if active else ''} ORDER BY id DESC LIMIT ?"
    return [Version(*row) for row in journal.rows(tables.alerts, where, (limit,))]


def versions(journal: Journal, alert: str) -> list[Version]:
    rows = journal.rows(tables.alerts, "WHERE alert = ? ORDER BY version", (alert,))
    return [Version(*row) for row in rows]


def last_of(journal: Journal, scope: str, hazard: str) -> Version | None:
    """What was last decided about a hazard at a station or an area; None when nothing ever was."""
    # By the name's beginning, which is indexed: a journal of years is not read through.
    first = f"{scope}.{hazard}."
    where = "WHERE alert >= ? AND alert < ? AND hazard = ? ORDER BY id DESC LIMIT 1"
    return next((Version(*row) for row in journal.rows(tables.alerts, where, (first, f"{first}:", hazard))), None)


def nearest_alert(journal: Journal, text: str) -> str:
    rows = journal.connection.execute("SELECT alert FROM alerts ORDER BY id DESC LIMIT ?", (KNOWN,))
    return nearest(text, {str(row[0]): str(row[0]) for row in rows})


def messages_of(journal: Journal, alert: str) -> Iterator[dict[str, Any]]:
    """Every message of an alert; latency from sensor to acceptance, real milliseconds."""
    for row in journal.rows(tables.outbox, "WHERE alert = ? ORDER BY id", (alert,)):
        entry = Entry(*row)
        yield {
            "version": entry.version,
            "recipient": entry.recipient,
            "address": entry.address,
            "channel": entry.channel,
            "state": entry.state,
            "attempts": entry.attempts,
            "created_at": entry.created_at,
            "settled_at": entry.settled_at,
            "latency_ms": entry.latency_ms,
            "reason": entry.reason,
            "text": entry.body,
        }


def shown(version: Version) -> dict[str, Any]:
    """A version as commands answer it."""
    decision = version.decision
    return {
        "alert": version.alert,
        "version": version.version,
        "scope": version.station,
        "hazard": version.hazard,
        "kind": version.kind,
        "level": Level(version.level).name,
        "decided_at": version.decided_at,
        "at": decision.at,
        "value": decision.value,
        "value_at": decision.value_at,
        "by": decision.by,
        "public_ok": decision.public_ok,
        "why": version.why,
    }
