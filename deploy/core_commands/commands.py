"""The commands that core obeys: from the web and the command line alike, each audited, answered after its commit."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from broker.control import CommandFailed, Request
from broker.credentials import CredentialStore
from deploy.core import Core
from deploy.core_commands import (
    alerts,
    areas,
    backup,
    cap,
    channels,
    credentials,
    decisions,
    firmware,
    gauge,
    health,
    installation,
    nodes,
    notices,
    orders,
    people,
    public,
    recipients,
    roster,
    rule_looks,
    seals,
    second_factor,
    shift,
    station_page,
    stations,
    subscription,
    technician,
    users,
    watches,
)
from deploy.nodes.rotations import Rotations
from deploy.recipients.subscriptions import Subscriptions
from deploy.registry.looks import Looks
from ingest.readings import dead_letters

if TYPE_CHECKING:
    from deploy.nodes.installation_watch import NodeWatch

Handler = Callable[["Commands", Request], Any]


class Commands:
    """``reload_broker`` makes the broker read its password file again."""

    def __init__(self, core: Core, credentials: CredentialStore, reload_broker: Callable[[], bool]) -> None:
        self.core, self.credentials, self.reload_broker = core, credentials, reload_broker
        self.rotations = Rotations(core, credentials, self._rotated)
        core.seals.key_of = credentials.order_key
        self.subscriptions = Subscriptions(core)
        self.looks = Looks()
        self.put_up: dict[str, NodeWatch] = {}  # what each node sends that is being installed

    @property
    def authority(self) -> Path:
        """The installation's own certificate authority, as nodes know it."""
        return self.credentials.services.with_name("authority") / "ca.der"

    def _rotated(self, node: str) -> None:
        self.core.seals.rotated(node, self.core.clock.now())
        orders.resend(self, node)
        firmware.resend_update(self, node)
        self.reload_broker()

    def run(self, request: Request) -> Any:
        """Carry out a request; raises CommandFailed with a sentence. The same idempotency key gets the same answer."""
        handler = HANDLERS.get(request.name)
        if handler is None:
            raise CommandFailed(
                f"core knows no command {request.name!r}; if it was upgraded, the old one still runs: restart core"
            )
        if request.key is not None and (answer := self._answered(request.key)) is not None:
            return json.loads(answer)
        if request.name in CHANGES and self.core.failed_write is not None:
            raise CommandFailed(f"not stored: {self.core.failed_write}; free disk space and say it again")
        result = handler(self, request)
        if request.key is not None:
            self.core.group.commands.append((request.key, self.core.clock.now(), json.dumps(result)))
        self.core.turn()
        if self.core.failed_write is not None and request.name in CHANGES:
            raise CommandFailed(f"not stored: {self.core.failed_write}; free disk space and say it again")
        return result

    def _answered(self, key: str) -> str | None:
        row = self.core.journal.connection.execute("SELECT answer FROM commands WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def audit(self, request: Request, action: str, subject: str, detail: object = None) -> None:
        now = self.core.clock.now()
        self.core.journal.add_audit(
            self.core.group, at=now, actor=request.actor, action=action, subject=subject, detail=detail
        )


def list_dead_letters(commands: Commands, request: Request) -> list[dict[str, Any]]:
    limit = min(int(request.args.get("limit", 50)), 1000)
    rows = commands.core.journal.rows(dead_letters, "ORDER BY id DESC LIMIT ?", (limit,))
    return [
        {
            "id": row[0],
            "received_at": row[1],
            "topic": row[2].decode("utf-8", "backslashreplace"),
            "reason": row[3],
            "payload": row[4].decode("utf-8", "backslashreplace"),
        }
        for row in rows
    ]


def history_cursor(commands: Commands, request: Request) -> dict[str, int]:
    """History tells how far it has copied; retention keeps what it has not."""
    cursor = int(request.args.get("cursor", 0))
    commands.core.history_cursor = cursor
    commands.core.history_problem = request.args.get("problem")
    commands.core.group.values["history_cursor"] = str(cursor)
    return {"last_id": commands.core.journal.last_id}


def status(commands: Commands, _request: Request) -> dict[str, Any]:
    core = commands.core
    return {
        "pid": os.getpid(),
        "stations": len(core.registry.stations),
        "nodes": len(core.memory.nodes),
        "last_id": core.journal.last_id,
        "broker_connected": core.link.is_connected,
        "counters": dict(core.counters),
        "open_messages": len(core.memory.outbox.open),
    }


HANDLERS: Final[dict[str, Handler]] = {
    "deadletters": list_dead_letters,
    "history-cursor": history_cursor,
    "status": status,
    **nodes.HANDLERS,
    **credentials.HANDLERS,
    **firmware.HANDLERS,
    **stations.HANDLERS,
    **station_page.HANDLERS,
    **gauge.HANDLERS,
    **areas.HANDLERS,
    **health.HANDLERS,
    **installation.HANDLERS,
    **backup.HANDLERS,
    **cap.HANDLERS,
    **alerts.HANDLERS,
    **channels.HANDLERS,
    **people.HANDLERS,
    **public.HANDLERS,
    **subscription.HANDLERS,
    **technician.HANDLERS,
    **notices.HANDLERS,
    **decisions.HANDLERS,
    **orders.HANDLERS,
    **recipients.HANDLERS,
    **roster.HANDLERS,
    **rule_looks.HANDLERS,
    **users.HANDLERS,
    **watches.HANDLERS,
    **seals.HANDLERS,
    **second_factor.HANDLERS,
    **shift.HANDLERS,
}
CHANGES: Final = (
    nodes.CHANGES
    | credentials.CHANGES
    | firmware.CHANGES
    | stations.CHANGES
    | station_page.CHANGES
    | gauge.CHANGES
    | areas.CHANGES
    | health.CHANGES
    | installation.CHANGES
    | backup.CHANGES
    | channels.CHANGES
    | people.CHANGES
    | subscription.CHANGES
    | notices.CHANGES
    | decisions.CHANGES
    | orders.CHANGES
    | recipients.CHANGES
    | roster.CHANGES
    | rule_looks.CHANGES
    | users.CHANGES
    | watches.CHANGES
    | seals.CHANGES
    | second_factor.CHANGES
)
