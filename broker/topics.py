"""MQTT topics of the wire contract: ``<realm>/v1/<node>/<kind>``, always QoS 1."""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

Realm = Literal["ews", "latihan"]
Kind = Literal["obs", "status", "want", "ack", "cfg", "cmd", "update", "part"]

REALMS: Final = ("ews", "latihan")
FROM_NODES: Final[tuple[Kind, ...]] = ("obs", "status", "want")
TO_NODES: Final[tuple[Kind, ...]] = ("ack", "cfg", "cmd", "update", "part")
RETAINED: Final[tuple[Kind, ...]] = ("cfg", "update")  # of those to nodes: what is desired, also of a node that is away
KINDS: Final = FROM_NODES + TO_NODES
VERSION: Final = "v1"

ID_PATTERN: Final = re.compile(r"[a-z0-9-]{3,32}\Z")


def is_id(text: str) -> bool:
    """Whether ``text`` may name a node, station or rule: 3 to 32 of a-z, 0-9 and hyphen."""
    return ID_PATTERN.match(text) is not None


def topic(realm: Realm, node: str, kind: Kind) -> str:
    return f"{realm}/{VERSION}/{node}/{kind}"


def subscription(realm: Realm, kind: Kind) -> str:
    """The filter that matches ``kind`` of every node."""
    return f"{realm}/{VERSION}/+/{kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTopic:
    realm: Realm
    node: str
    kind: Kind


class BadTopic(ValueError):
    """A topic outside the contract."""


def parse(raw: bytes) -> NodeTopic:
    """Read a topic as received; raises :class:`BadTopic` on anything outside the contract."""
    try:
        parts = raw.decode("utf-8").split("/")
    except UnicodeDecodeError:
        raise BadTopic("topic is not UTF-8") from None
    if len(parts) != 4 or parts[0] not in REALMS or parts[1] != VERSION or parts[3] not in KINDS or not is_id(parts[2]):
        raise BadTopic(f"topic is not <realm>/{VERSION}/<node>/<kind>: {raw[:80]!r}")
    return NodeTopic(realm=cast("Realm", parts[0]), node=parts[2], kind=parts[3])
