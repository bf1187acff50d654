"""Updates of nodes' firmware: ordered here, fetched by the node part by part, told by its status."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker import orders, releases
from broker.control import CommandFailed, Request
from broker.releases import BadRelease, Release
from broker.topics import topic
from deploy.core_commands.arguments import text
from deploy.core_commands.orders import key_of, next_number, send

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands
    from deploy.nodes.reports import NodeReport

WANTED: Final = "node_firmware:"  # and the node's id: the update that was ordered last


class Ordered(msgspec.Struct, frozen=True):
    """An update as it was ordered."""

    n: int
    version: str
    back: bool = False


def node_update(commands: "Commands", request: Request) -> dict[str, Any]:
    """Order a node to fetch a release and start it; the broker keeps the order for a node that is away."""
    node, version = text(request, "node"), text(request, "version")
    key = key_of(commands, node)
    is_back = bool(request.args.get("back"))
    commands.core.reports.forget_release(version)
    release = _release(commands, version)
    _check_direction(commands.core.reports.of(node), node, release, is_back=is_back)
    ordered = Ordered(next_number(commands), release.version, is_back)
    commands.core.group.values[WANTED + node] = msgspec.json.encode(ordered).decode()
    name = topic(commands.core.settings.site.realm, node, "update")
    send(commands, request, key, name, releases.order(release, ordered.n, back=is_back))
    return {
        "node": node,
        "n": ordered.n,
        "version": release.version,
        "online": commands.core.reports.of(node).is_online,
    }


def node_updates(commands: "Commands", request: Request) -> list[dict[str, Any]]:
    """How far the last update of each of these nodes is."""
    return [_progress(commands, str(node)) for node in request.args.get("nodes") or ()]


def resend_update(commands: "Commands", node: str) -> None:
    """Give the broker the last update anew, sealed with the key that now holds; the same number, so not a new one."""
    core, ordered = commands.core, _ordered(commands, node)
    if ordered is None or not core.link.is_connected:
        return
    try:
        order = releases.order(core.reports.release(ordered.version), ordered.n, back=ordered.back)
    except BadRelease:
        return  # it was taken away since: nobody could be served it
    name = topic(core.settings.site.realm, node, "update")
    core.link.publish(name, orders.seal(commands.credentials.order_key(node), name, order))


def _progress(commands: "Commands", node: str) -> dict[str, Any]:
    report, ordered = commands.core.reports.of(node), _ordered(commands, node)
    status = report.status
    made: dict[str, Any] = {
        "node": node,
        "online": report.is_online,
        "runs": None if status is None else status.firmware,
        "wanted": None,
        "fetched": 0,
        "size": 0,
        "result": None,
    }
    if ordered is None:
        return made
    with contextlib.suppress(BadRelease):  # it was taken away since
        made["size"] = commands.core.reports.release(ordered.version).size
    if status is not None and status.update is not None and status.update[0] == ordered.n:
        made["result"] = status.update[1]
    return made | {"wanted": ordered.version, "fetched": report.fetched if report.fetched_at >= ordered.n else 0}


def _ordered(commands: "Commands", node: str) -> Ordered | None:
    core = commands.core
    stored = core.group.values.get(WANTED + node) or core.journal.value(WANTED + node)
    return None if stored is None else msgspec.json.decode(stored, type=Ordered)


def _release(commands: "Commands", version: str) -> Release:
    try:
        return commands.core.reports.release(version)
    except BadRelease as error:
        raise CommandFailed(str(error)) from None


def _check_direction(report: "NodeReport", node: str, release: Release, *, is_back: bool) -> None:
    runs = None if report.status is None else report.status.firmware
    if runs is None or not releases.is_version(runs):
        return  # the node judges
    if _numbers(runs) == _numbers(release.version):
        raise CommandFailed(f"{node} runs {runs} already")
    if _numbers(runs) > _numbers(release.version) and not is_back:
        raise CommandFailed(
            f"{node} runs {runs}, which is later than {release.version}; to go back on purpose say --back"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "node-update": node_update,
    "node-updates": node_updates,
}
CHANGES: Final = frozenset({"node-update"})
