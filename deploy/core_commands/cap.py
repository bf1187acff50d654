"""Core's commands that tell of CAP: what was published, one message as it was, and the bulletin."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting import cap_words
from alerting.bulletin import bulletin
from alerting.cap_out import status
from alerting.cap_tables import cap_messages
from broker.control import CommandFailed, Request
from deploy.cap.draft import CapRow
from deploy.core_commands.arguments import optional_int, text
from deploy.core_commands.scope_names import nearest

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

MOST: Final = 1000
KNOWN: Final = 200  # messages among which a mistyped identifier is looked for


def cap_list(commands: "Commands", request: Request) -> list[dict[str, Any]]:
    """The newest ``limit`` messages, the newest first; ``stands`` marks those that the feed names now."""
    limit = optional_int(request, "limit")
    count = min(50 if limit is None else max(1, limit), MOST)
    core = commands.core
    standing = {entry.identifier for entry in core.cap.entries}
    rows = core.journal.rows(cap_messages, "ORDER BY sent DESC, identifier DESC LIMIT ?", (count,))
    return [_shown(commands, CapRow(*row), standing) for row in rows]


def _shown(commands: "Commands", row: CapRow, standing: set[str]) -> dict[str, Any]:
    public = row.public
    return {
        "identifier": row.identifier,
        "alert": row.alert,
        "version": row.version,
        "type": row.type,
        "sent": row.sent,
        "expires": row.expires,
        "status": None if public is None else status(public, commands.core.cap.issuer),
        "headline": "" if public is None else cap_words.headline(public),
        "stands": row.identifier in standing,
    }


def cap_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """A message as it was published."""
    identifier = text(request, "identifier").removesuffix(".xml")
    journal = commands.core.journal
    row = next((CapRow(*each) for each in journal.rows(cap_messages, "WHERE identifier = ?", (identifier,))), None)
    if row is None:
        recent = journal.connection.execute("SELECT identifier FROM cap_messages ORDER BY sent DESC LIMIT ?", (KNOWN,))
        hint = nearest(identifier, {str(each[0]): str(each[0]) for each in recent}) or "; see kentongan cap list"
        raise CommandFailed(f"no CAP message {identifier!r} was published{hint}")
    if row.document is None:
        raise CommandFailed(f"{identifier} is not written yet; core writes it within some seconds of its start")
    return {"identifier": row.identifier, "document": row.document}


def cap_bulletin(commands: "Commands", _request: Request) -> dict[str, Any]:
    """The bulletin, to be read aloud now."""
    core = commands.core
    now = core.clock.now()
    facts = core.cap.bulletin_facts(now)
    if facts.has_run_out(now):
        raise CommandFailed("what was published has run out and was not renewed: core does not run; start it")
    return {"paragraphs": bulletin(facts, now)}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "cap-bulletin": cap_bulletin,
    "cap-list": cap_list,
    "cap-show": cap_show,
}
