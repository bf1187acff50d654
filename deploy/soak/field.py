"""Simulated nodes: a sensor that may be at fault, a clock that may be wrong, a ring that frees what is acknowledged."""

import random
from typing import Final

import msgspec

from deploy.soak.clock import HOUR, MINUTE, SECOND
from deploy.soak.plan import Fault
from deploy.soak.stations import Place
from deploy.soak.water import Flood, level, rain_mm_per_h

NOISE_M: Final = 0.004
MM_PER_TIP: Final = 0.2
FIRST_RETRY_MS: Final = 30 * SECOND
LAST_RETRY_MS: Final = 5 * MINUTE
BATCH: Final = 20
BATCHES: Final = 40  # messages that one drain of a ring brings at most
RECOVERY_MS: Final = HOUR  # after a sensor's fault quality control may doubt it for so long
YEAR_2000: Final = 946_684_800_000
AHEAD_MS: Final = HOUR
BEHIND_MS: Final = 40 * MINUTE
DRILL_BOOT: Final = 0xD811  # of messages in the realm of drills

Key = tuple[str, int, int]  # node, boot, seq


class Sample(msgspec.Struct, gc=False, eq=False):
    """What a node measured: ``value`` is what it says (metres or tips), ``truth`` what a perfect sensor would say.

    ``is_clean``: the sensor was and had been in order. ``stated`` is the node's clock.
    """

    key: Key
    station: str
    at: int
    value: float
    truth: float
    is_clean: bool
    stated: int | None
    payload: bytes
    sent_at: int = 0
    tries: int = 0


class Message(msgspec.Struct, gc=False, eq=False):
    """One MQTT message: samples of a node, or something else that core must survive (``kind``)."""

    topic: bytes
    payload: bytes
    keys: tuple[Key, ...] = ()
    kind: str = "observations"
    retain: bool = False


class FieldNode:
    """One node. ``measure`` is called once a minute; ``messages`` is what it then sends."""

    def __init__(self, place: Place, flood: Flood, chance: random.Random) -> None:
        self.place, self.flood = place, flood
        self._chance = chance
        self.boot, self._seq, self._booted = chance.getrandbits(32), 0, 0
        self.ring: dict[Key, Sample] = {}
        self.clock = "right"
        self.fault: Fault | None = None
        self._stuck_at: float | None = None
        self._dirty_until = 0
        self._tips = 0.0
        self.topic = f"ews/v1/{place.node}/obs".encode()
        self.is_cut = False
        self._in_order = chance.random() < 0.5  # as gateways do

    def reboot(self, now: int) -> None:
        """A new boot: the count begins anew, the ring stays."""
        self.boot, self._seq, self._booted = self._chance.getrandbits(32), 0, now

    def measure(self, now: int) -> Sample:
        """Take a sample and put it into the ring."""
        place = self.place
        value, truth, is_clean = self._rain(now) if place.datum_m is None else self._level(now)
        key = (place.node, self.boot, self._seq)
        self._seq += 1
        stated = now if self.clock == "right" else self._stated(now)
        raw = value if place.datum_m is None else round((place.datum_m - value) * 1000)
        said = "null" if stated is None else stated
        payload = f'{{"v":1,"boot":{key[1]},"seq":{key[2]},"t":{said},"s":{{"{place.series}":{raw}}}}}'.encode()
        sample = self.ring[key] = Sample(key, place.station, now, value, truth, is_clean, stated, payload)
        return sample

    def messages(self, now: int) -> list[Message]:
        """The newest sample at once, and what was not acknowledged in time, in batches; some drain in order instead."""
        if len(self.ring) == 1:
            (only,) = self.ring.values()
            if only.tries == 0:
                return [self._message([only], now)]
        due: list[Sample] = []
        fresh: Sample | None = None
        for sample in self.ring.values():
            if sample.tries == 0 and now - sample.at < MINUTE and not self._in_order:
                fresh = sample
            elif sample.tries == 0 or now - sample.sent_at >= min(LAST_RETRY_MS, FIRST_RETRY_MS << sample.tries - 1):
                due.append(sample)
        found = [] if fresh is None else [self._message([fresh], now)]
        drained = range(0, min(len(due), BATCH * BATCHES), BATCH)
        return found + [self._message(due[first : first + BATCH], now) for first in drained]

    def acknowledged(self, boot: int, first: int, last: int) -> None:
        """Free what core has stored."""
        for seq in range(first, last + 1):
            self.ring.pop((self.place.node, boot, seq), None)

    def begin(self, fault: Fault) -> None:
        """A fault of the sensor."""
        self.fault, self._stuck_at, self._dirty_until = fault, None, fault.ends + RECOVERY_MS

    def _message(self, samples: list[Sample], now: int) -> Message:
        for sample in samples:
            sample.sent_at, sample.tries = now, min(sample.tries + 1, 6)
        if len(samples) == 1:
            return Message(self.topic, samples[0].payload, (samples[0].key,))
        payload = b"[%b]" % b",".join([each.payload for each in samples])
        return Message(self.topic, payload, tuple([each.key for each in samples]))

    def _stated(self, now: int) -> int | None:
        match self.clock:
            case "none":
                return None
            case "1970":
                return now - self._booted
            case "2000":
                return YEAR_2000 + now - self._booted
            case "ahead":
                return now + AHEAD_MS
            case "behind":
                return now - BEHIND_MS
        return now

    def _rain(self, now: int) -> tuple[float, float, bool]:
        self._tips += rain_mm_per_h(self.flood, now) / 60 / MM_PER_TIP * self._chance.uniform(0.6, 1.4)
        tips = int(self._tips)
        self._tips -= tips
        return tips, tips, True

    def _level(self, now: int) -> tuple[float, float, bool]:
        truth = level(self.place.station, self.flood, now)
        value = round(truth + self._chance.gauss(0.0, NOISE_M), 3)
        fault = self.fault
        if fault is None or now < fault.begins or now >= fault.ends:
            return value, truth, now >= self._dirty_until
        return self._faulty(fault, value, now), truth, False

    def _faulty(self, fault: Fault, value: float, now: int) -> float:
        match fault.kind:
            case "sensor stuck":
                self._stuck_at = value if self._stuck_at is None else self._stuck_at
                return self._stuck_at
            case "sensor spikes":
                return round(value + fault.size, 3) if self._chance.random() < 0.1 else value
            case "sensor drifts":
                return round(value + fault.size * (now - fault.begins) / (4 * HOUR), 3)
        return round(value + fault.size, 3)
