"""Core's orders to nodes: sealed with the node's key, numbered for good, and audited before they leave."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker import orders
from broker.control import CommandFailed, Request
from broker.credentials import CredentialRefused
from broker.levels import Level
from broker.topics import topic
from deploy.core_commands.arguments import text

if TYPE_CHECKING:
    from broker.station import Station
    from deploy.core import Core
    from deploy.core_commands.commands import Commands

NUMBER: Final = "order_number"  # the last one given, of all nodes
CONFIG: Final = "node_config:"  # and the node's id: what it is to do, as it was last sent
UNTOLD: Final = frozenset({"v", "password", "order_key"})  # of an order, in the audit log
HORN_S: Final = 180
CLEAR_MM: Final = 100  # the water must fall by so much before the same siren sounds again
SERIES: Final = "distance_mm"
_USUAL_S: Final = {"fast_s": 10, "sample_s": 60, "slow_s": 300}


def node_command(commands: "Commands", request: Request) -> dict[str, Any]:
    """Send one command to a node that is connected now; what became of it stands in the node's status."""
    node, do = text(request, "node"), text(request, "do")
    for_s = _duration(do, request.args.get("for_s"))
    key = key_of(commands, node)
    order = orders.command(next_number(commands), commands.core.clock.now(), do, for_s)  # type: ignore[arg-type]  # checked by _duration
    send(commands, request, key, topic(commands.core.settings.site.realm, node, "cmd"), order)
    return {"node": node, "do": do, "n": order["n"], "exp": order["exp"]}


def node_configure(commands: "Commands", request: Request) -> dict[str, Any]:
    """Change what a node does by itself; the broker keeps it for a node that is away. What is not named stays."""
    node, changes = text(request, "node"), dict(request.args.get("changes") or {})
    key = key_of(commands, node)
    wanted = _wanted(commands, node) | _checked(changes)
    if (siren := request.args.get("siren")) is not None:
        wanted["siren"] = _siren(commands, node, str(siren))
    _check_order({**_USUAL_S, **wanted})
    order = {"v": 1, "n": next_number(commands), **wanted}
    commands.core.group.values[CONFIG + node] = msgspec.json.encode(wanted).decode()
    send(commands, request, key, topic(commands.core.settings.site.realm, node, "cfg"), order)
    return {"node": node, "n": order["n"], "config": wanted}


def resend(commands: "Commands", node: str) -> None:
    """Give the broker what it keeps for a node anew, sealed with the key that now holds; nothing where none is kept."""
    core = commands.core
    if _stored(core, CONFIG + node) is None or not core.link.is_connected:
        return
    order = {"v": 1, "n": next_number(commands), **_wanted(commands, node)}
    name = topic(core.settings.site.realm, node, "cfg")
    core.link.publish(name, orders.seal(commands.credentials.order_key(node), name, order))


def _stored(core: "Core", key: str) -> str | None:
    return core.group.values.get(key) or core.journal.value(key)


def _wanted(commands: "Commands", node: str) -> dict[str, Any]:
    return msgspec.json.decode(_stored(commands.core, CONFIG + node) or "{}", type=dict[str, Any])


def _checked(changes: dict[str, Any]) -> dict[str, int]:
    for name, value in changes.items():
        if name not in orders.CONFIG_LIMITS:
            raise CommandFailed(f"a node has no setting {name[:40]!r}; it has {', '.join(orders.CONFIG_LIMITS)}")
        low, high = orders.CONFIG_LIMITS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise CommandFailed(f"{name} is a whole number from {low} to {high}")
    return changes


def _siren(commands: "Commands", node: str, level: str) -> dict[str, Any] | None:
    """The rule by which the node's own siren sounds without core: the station's threshold as a distance."""
    if level == "off":
        return None
    station = _station(commands, node)
    thresholds, datum_m = station.thresholds, station.datum_m
    if level.upper() not in (each.name for each in Level if each):
        raise CommandFailed(f"siren is waspada, siaga, awas or off, not {level[:40]!r}")
    if thresholds is None or datum_m is None:
        raise CommandFailed(f"station {station.id} has no thresholds (BELUM DITETAPKAN), so no siren can follow them")
    at_mm = round((datum_m - getattr(thresholds, level.lower())) * 1000)
    if at_mm < 0:
        raise CommandFailed(
            f"at {level.upper()} the water of {station.id} stands above its sensor, which cannot see it"
        )
    return {"series": SERIES, "at_mm": at_mm, "clear_mm": at_mm + CLEAR_MM, "for_s": HORN_S}


def _station(commands: "Commands", node: str) -> "Station":
    known = commands.core.memory.nodes.get(node)
    if known is None:
        raise CommandFailed(f"node {node} serves no station; see kentongan node list")
    return commands.core.registry.stations[known.station]


def _check_order(wanted: dict[str, Any]) -> None:
    if not wanted["fast_s"] <= wanted["sample_s"] <= wanted["slow_s"]:
        told = ", ".join(f"{name} {wanted[name]}" for name in _USUAL_S)
        raise CommandFailed(f"fast_s, sample_s and slow_s must not fall in this order; they would be {told}")


def send(commands: "Commands", request: Request, key: str, name: str, order: dict[str, Any]) -> None:
    """Audit an order without its secrets, seal it, and hand it to the broker."""
    told = {what: value for what, value in order.items() if what not in UNTOLD}
    commands.audit(request, "node order", name, told)
    commands.core.link.publish(name, orders.seal(key, name, order))


def key_of(commands: "Commands", node: str) -> str:
    """What seals orders to a node; raises CommandFailed where nothing can be sealed or sent."""
    try:
        key = commands.credentials.order_key(node)
    except CredentialRefused as error:
        raise CommandFailed(f"{error}; see kentongan node list") from None
    if not commands.core.link.is_connected:
        raise CommandFailed("core has no connection to the broker, so no node can be told anything; start both first")
    return key


def _duration(do: str, for_s: object) -> int | None:
    if do not in orders.COMMANDS:
        raise CommandFailed(f"there is no command {do[:40]!r}; there is {', '.join(orders.COMMANDS)}")
    most = orders.LONGEST_S.get(do)
    if for_s is None:
        return None
    if most is None:
        raise CommandFailed(f"{do} is over at once and takes no seconds")
    if not isinstance(for_s, int) or isinstance(for_s, bool) or not 0 <= for_s <= most:
        raise CommandFailed(f"{do} lasts from 0 to {most} seconds")
    return for_s


def next_number(commands: "Commands") -> int:
    """Greater than every one before it, also after the clock was set back, and after a restore of an older journal."""
    core = commands.core
    last = int(core.group.values.get(NUMBER) or core.journal.value(NUMBER) or 0)
    number = max(core.clock.now(), last + 1)
    core.group.values[NUMBER] = str(number)
    return number


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "node-command": node_command,
    "node-configure": node_configure,
}
CHANGES: Final = frozenset(HANDLERS)
