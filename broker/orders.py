"""Orders to a node, on its topics ``cmd`` and ``cfg``: sealed with the node's own key, numbered, and good for a while.

An order is a sealed payload (:mod:`broker.payload_seal`) of JSON: ``{"v":1,"n":N,"exp":MS,"do":"live","for_s":600}``.
One for a node or topic is none for another. ``n`` only ever grows, and a node obeys no number twice; ``exp`` is ms UTC.
A configuration (``cfg``) is what is desired, is kept by the broker, and does not expire.
"""

from typing import Any, Final, Literal, get_args

import msgspec

from broker import payload_seal

Command = Literal["live", "identify", "siren-test", "maintenance", "reboot"]
COMMANDS: Final = get_args(Command)
# Until when a command may arrive: longer than a node's worst way back to the broker, shorter than people's patience.
GOOD_FOR_MS: Final = 120_000
# How long a command lasts on the node, in seconds: the most that it obeys. Others are over at once.
LONGEST_S: Final = {"live": 3600, "identify": 300, "maintenance": 4 * 3600}
# What a configuration may hold, each with its least and greatest value; the firmware has the same limits.
CONFIG_LIMITS: Final = {
    "sample_s": (5, 3600),
    "fast_s": (5, 600),
    "slow_s": (5, 3600),
    "rising_mm": (5, 1000),
    "low_mv": (0, 30_000),
}
LONGEST_HORN_S: Final = 600


def seal(key: str, topic: str, order: dict[str, Any]) -> bytes:
    """The payload to publish; ``key`` is 64 hexadecimal digits."""
    return payload_seal.seal(key, topic, msgspec.json.encode(order))


def unseal(key: str, topic: str, payload: bytes) -> dict[str, Any]:
    """What :func:`seal` was given; raises :class:`~broker.payload_seal.NotSealed` when one bit of key, topic or payload
    is another.
    """
    order: dict[str, Any] = msgspec.json.decode(payload_seal.unseal(key, topic, payload))
    return order


def command(number: int, now_ms: int, do: Command, for_s: int | None = None) -> dict[str, Any]:
    """An order to ``do`` something, good for two minutes from ``now_ms`` on."""
    order: dict[str, Any] = {"v": 1, "n": number, "exp": now_ms + GOOD_FOR_MS, "do": do}
    return order if for_s is None else order | {"for_s": for_s}
