"""Core's part in backups: it witnesses them, and after one was put back it lets nothing of then go out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import Request
from deploy.core_commands.arguments import text

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

BY: Final = "pemulihan"
REASON: Final = "Dipulihkan dari cadangan: tidak dikirim lagi."


def backup_taken(commands: "Commands", request: Request) -> dict[str, Any]:
    """A backup was taken and read back."""
    detail = {name: request.args.get(name) for name in ("bytes", "removed")}
    commands.audit(request, "backup taken", text(request, "file"), detail)
    return {}


def backup_restored(commands: "Commands", request: Request) -> dict[str, Any]:
    """What waited when the backup was taken is put away: messages, notices, digests, and who is told next.

    What stood then stands: who was warned is told when it ends, and what rises is told anew.
    """
    core, now = commands.core, commands.core.clock.now()
    expired = core.memory.outbox.expire_all(now, core.journal.take_ids, reason=REASON)
    for entry in expired:
        core.group.messages[entry.key] = entry
    book = core.telling.notices.book
    waiting = [notice for notice in book.open.values() if notice.state not in ("sent", "vetoed", "replaced")]
    for notice in waiting:
        told = notice.has_gone and notice.cursor > 0
        after = msgspec.structs.replace(
            notice, state="sent" if told else "replaced", due_at=None, audience=notice.cursor, reason=REASON
        )
        book.put(core.group, after)
    duty = core.telling.duty
    unanswered = [alert for alert, state in duty.open.items() if not state.is_acknowledged]
    for alert in unanswered:
        duty.acknowledge(core.group, alert, by=BY, now=now)
    duty.put_away(core.group)
    found = {"messages": len(expired), "notices": len(waiting), "alerts": len(unanswered)}
    detail = found | {"taken_at": request.args.get("taken_at")}
    commands.audit(request, "backup restored", text(request, "file"), detail)
    return found


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "backup-taken": backup_taken,
    "backup-restored": backup_restored,
}
CHANGES: Final = frozenset(HANDLERS)
