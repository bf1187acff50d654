"""Payloads between node and core. Golden samples, good and bad, stand in ``broker/samples/``.

An observation: ``{"v":1,"boot":B,"seq":N,"t":MS|null,"s":{"distance_mm":1234.0},"fault":{"rain_tips":"stuck"}}``.
One payload is one observation or an array of them. A series that failed is null in ``s`` and named in ``fault``.
The unit is in the name of the series; a second sensor of a kind is ``distance_mm.2``. ``rain_tips`` counts the tips
since the node's previous observation. A node skips an ACK over 4 kB: core sends at most 100 ranges in one.
"""

import re
from typing import Annotated, Final

import msgspec

BOOT_MAX: Final = 2**32 - 1
SEQ_MAX: Final = 2**53 - 1
MAX_PAYLOAD: Final = 64 * 1024
MAX_ARRAY: Final = 500
MAX_RANGES: Final = 100

Boot = Annotated[int, msgspec.Meta(ge=0, le=BOOT_MAX)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]
Time = Annotated[int, msgspec.Meta(ge=-SEQ_MAX, le=SEQ_MAX)]  # a greater one fits neither a database nor a float
SERIES_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]{1,30}(\.[0-9]{1,2})?\Z")
_is_series: Final = SERIES_PATTERN.match


class BadPayload(ValueError):
    """A payload outside the contract; the text is the reason, fit for a dead letter."""


class Observation(msgspec.Struct, frozen=True, gc=False):
    """What one node measured at one moment.

    ``t`` is the node's clock in ms UTC, null while it has none. (boot, seq) names the observation for ever.
    """

    v: int
    boot: Boot
    seq: Seq
    s: dict[str, float | None]
    t: Time | None = None
    fault: dict[str, str] = msgspec.field(default_factory=dict)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Retained state of a node; the last will is ``{"online":false}``."""

    online: bool
    boot: Boot | None = None
    firmware: str | None = None
    uptime_s: int | None = None
    stored: int | None = None  # observations in the ring that are not acknowledged
    dropped: int | None = None  # observations lost because the ring was full
    beat_s: int | None = None  # seconds between two samples now
    free_bytes: int | None = None  # of its heap
    flash_free_bytes: int | None = None
    rssi_dbm: int | None = None  # of its Wi-Fi
    chip_c: float | None = None  # inside the chip, where that has a thermometer
    late_ms: int | None = None  # how long one of its parts kept the others waiting, at most, since the last status
    reset: str | None = None  # why it last started: power, hard, watchdog, sleep, soft
    order: tuple[int, str] | None = None  # number of the last order, and what became of it
    update: tuple[int, str] | None = None  # the same of the last update of its firmware


class Ack(msgspec.Struct, frozen=True):
    """Ranges committed by core: ``[boot, from, to]``, both ends included, and core's clock."""

    now: int
    acked: list[tuple[int, int, int]]


_one = msgspec.json.Decoder(Observation)
_many = msgspec.json.Decoder(list[Observation])
_status = msgspec.json.Decoder(Status)
_ack = msgspec.json.Decoder(Ack)
_encoder = msgspec.json.Encoder()


def decode_observations(payload: bytes) -> list[Observation]:
    """Read one observation or an array of them; raises :class:`BadPayload` with the reason.

    An array is taken or refused as a whole, so that its node can be told with one range. NaN, Infinity, strings and
    booleans are refused where a number is due; unknown keys are ignored.
    """
    if len(payload) > MAX_PAYLOAD:
        raise BadPayload(f"payload of {len(payload)} bytes is over {MAX_PAYLOAD}")
    try:
        observations = _many.decode(payload) if payload[:1] == b"[" else [_one.decode(payload)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(str(error)) from None
    if not 0 < len(observations) <= MAX_ARRAY:
        raise BadPayload(f"array of {len(observations)} observations; 1 to {MAX_ARRAY} are allowed")
    for observation in observations:
        _check(observation)
    return observations


def _check(observation: Observation) -> None:
    if observation.v != 1:
        raise BadPayload(f"version {observation.v} is unknown; this is version 1")
    if not observation.s:
        raise BadPayload("no series in s")
    for name in observation.s:
        if not _is_series(name):
            raise BadPayload(f"series name {name[:40]!r} is not like distance_mm or distance_mm.2")


def decode_status(payload: bytes) -> Status:
    try:
        return _status.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPayload(str(error)) from None


def decode_ack(payload: bytes) -> Ack:
    try:
        return _ack.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPayload(str(error)) from None


def encode(message: Observation | list[Observation] | Status | Ack) -> bytes:
    return _encoder.encode(message)
