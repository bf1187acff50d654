"""Core's commands on watches: make one and its credential, list them, retire one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import CommandFailed, Request
from broker.credentials import CredentialRefused, check_node_id
from deploy.core_commands.arguments import optional_text, text
from deploy.provisioning.label import site_id
from deploy.watch.record import Watch
from ingest.nodes import nodes

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

MOST: Final = 8  # each probes every channel every few seconds


def watch_new(commands: "Commands", request: Request) -> dict[str, Any]:
    """Make a watch and its credential, or a new credential for a known one (``replace``)."""
    core, name, keeper = commands.core, text(request, "watch"), optional_text(request, "keeper")
    known = core.beats.watches.get(name)
    _check_id(commands, name, known, replace=bool(request.args.get("replace")))
    if keeper and core.directory.get(keeper) is None:
        raise CommandFailed(f"no recipient {keeper!r}; see kentongan recipient list, or an officer of the settings")
    try:
        password = commands.credentials.replace(name) if known else commands.credentials.add(name)
        order_key = commands.credentials.order_key(name)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    made = known or Watch(id=name, created_at=core.clock.now(), created_by=request.actor)
    core.beats.put(msgspec.structs.replace(made, keeper=keeper or made.keeper))
    commands.audit(request, "watch credential", name, {"keeper": keeper or made.keeper})
    return {
        "watch": name,
        "password": password,
        "order_key": order_key,
        "realm": core.settings.site.realm,
        "site": core.settings.site.name,
        "site_id": site_id(commands.authority),
        "reloaded": commands.reload_broker(),
    }


def watch_list(commands: "Commands", _request: Request) -> list[dict[str, Any]]:
    """Those in service: when each was seen last, and what it says of itself."""
    return commands.core.beats.views()


def watch_retire(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take a watch out of service for good: its credential goes, its id is never used again."""
    core, name, reason = commands.core, text(request, "watch"), text(request, "reason")
    known = core.beats.watches.get(name)
    if known is None or known.retired_at is not None:
        raise CommandFailed(f"no watch {name!r} is in service; see kentongan watch list")
    try:
        if name in commands.credentials.nodes():
            commands.credentials.revoke(name)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    core.beats.put(msgspec.structs.replace(known, retired_at=core.clock.now()))
    commands.audit(request, "watch retired", name, {"reason": reason})
    return {"watch": name, "reloaded": commands.reload_broker()}


def _check_id(commands: "Commands", name: str, known: Watch | None, *, replace: bool) -> None:
    core = commands.core
    try:
        check_node_id(name)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    if known is not None and known.retired_at is not None:
        raise CommandFailed(f"watch {name} was retired, and ids are never used again; choose another")
    if known is not None and not replace:
        raise CommandFailed(f"watch {name} exists; choose another id, or give it a new credential with --replace")
    if known is None and next(core.journal.rows(nodes, "WHERE id = ?", (name,)), None) is not None:
        raise CommandFailed(f"{name} is, or was, a node (kentongan node list); choose another id")
    if known is None and len(core.beats.active()) >= MOST:
        raise CommandFailed(f"there are {MOST} watches; retire one first: kentongan watch retire ID --reason TEXT")


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "watch-new": watch_new,
    "watch-list": watch_list,
    "watch-retire": watch_retire,
}
CHANGES: Final = frozenset({"watch-new", "watch-retire"})
