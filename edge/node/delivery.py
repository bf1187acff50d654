"""What is sent next: a fresh reading at once, then the backlog, oldest first, until core has acknowledged it all."""

import json
from time import ticks_diff, ticks_ms

from ranges import Ranges

RESEND_MS = 30000
# While core is down the broker keeps what we send: each time it goes unanswered we wait twice as long.
_LONGEST_RESEND_MS = 300000
_FRESH = 4  # more than this wait in the ring
_LIVE_FLIGHTS = 8  # payloads of fresh readings remembered as on their way
_BACKLOG_FLIGHTS = 2
_BACKLOG_READINGS = 20
_BACKLOG_BYTES = 1200  # of bodies; with boot, seq and time a payload stays under 2.5 kB
_ACK_KEYS = ("now", "acked")


class BadAck(ValueError):
    """A payload on the topic of acknowledgements that is not one."""


class _Flight:
    def __init__(self, readings, is_backlog):
        self.sent_at = ticks_ms()
        self.is_backlog = is_backlog
        self.readings = Ranges()
        for reading in readings:
            self.readings.add(reading.boot, reading.seq, reading.seq)


class Delivery:
    """Decides; it neither sends nor waits."""

    def __init__(self, ring, clock):
        self._ring = ring
        self._clock = clock
        self._fresh = []  # oldest first
        self._flights = []
        self._position = None  # in the ring: what is before it is sent, or acknowledged
        self._resend_ms = RESEND_MS

    def connected(self):
        """A new connection: nothing is on its way, and the newest readings are fresh again."""
        self._flights = []
        self._position = None
        self._resend_ms = RESEND_MS
        self._fresh = list(reversed(self._ring.newest(_FRESH)))

    def offer(self, reading):
        """A reading was just stored."""
        self._fresh.append(reading)
        if len(self._fresh) > _FRESH:
            self._fresh.pop(0)
            self._position = None

    def next(self):
        """The next payload, or None while there is nothing to send or enough of the backlog is on its way."""
        self._expire()
        if self._fresh:
            self._forget_oldest()
            readings, self._fresh = self._fresh, []
            return self._fly(readings, False)
        if sum(flight.is_backlog for flight in self._flights) >= _BACKLOG_FLIGHTS:
            return None
        readings, self._position = self._ring.oldest(
            self._position, _BACKLOG_READINGS, _BACKLOG_BYTES, self._is_waiting
        )
        return self._fly(readings, True) if readings else None

    def acknowledged(self, ranges):
        """Core has committed these ranges (boot, first, last), of any boot. Returns how many readings it freed."""
        freed = 0
        for boot, first, last in ranges:
            freed += self._ring.acknowledge(boot, first, last)
            for flight in self._flights:
                flight.readings.remove(boot, first, last)
        self._flights = [flight for flight in self._flights if len(flight.readings)]
        if freed:
            self._resend_ms = RESEND_MS
        return freed

    def _forget_oldest(self):
        # A fresh reading never waits for an answer to others: they become backlog.
        live = [flight for flight in self._flights if not flight.is_backlog]
        if len(live) >= _LIVE_FLIGHTS:
            self._flights.remove(live[0])
            self._position = None

    def _is_waiting(self, boot, seq):
        return not any(flight.readings.has(boot, seq) for flight in self._flights)

    def _fly(self, readings, is_backlog):
        self._flights.append(_Flight(readings, is_backlog))
        observations = [self._observation(reading) for reading in readings]
        return observations[0] if len(observations) == 1 else b"[" + b",".join(observations) + b"]"

    def _observation(self, reading):
        time = self._clock.time_of(reading.boot, reading.uptime_ms)
        return b'{"v":1,"boot":%d,"seq":%d,"t":%s,%s}' % (
            reading.boot,
            reading.seq,
            b"null" if time is None else str(time).encode(),
            reading.body,
        )

    def _expire(self):
        now = ticks_ms()
        late = [flight for flight in self._flights if ticks_diff(now, flight.sent_at) >= self._resend_ms]
        if late:
            self._resend_ms = min(2 * self._resend_ms, _LONGEST_RESEND_MS)
            self._flights = [flight for flight in self._flights if flight not in late]
            self._position = None


def body_of(series, faults):
    """The part of an observation that is stored: what was measured, and what failed."""
    found = {"s": series, "fault": faults} if faults else {"s": series}
    return json.dumps(found, separators=(",", ":"))[1:-1].encode()


def decode_ack(payload):
    """Core's time in ms UTC and the acknowledged ranges; raises BadAck on anything else."""
    try:
        found = json.loads(payload)
    except (ValueError, UnicodeError):
        raise BadAck("not JSON")
    if not isinstance(found, dict) or not all(key in found for key in _ACK_KEYS):
        raise BadAck("not an object with now and acked")
    now, acked = found["now"], found["acked"]
    if not _is_count(now) or not isinstance(acked, list) or not all(_is_range(item) for item in acked):
        raise BadAck("now is not a time, or acked not ranges")
    return now, acked


def _is_range(item):
    return isinstance(item, list) and len(item) == 3 and all(_is_count(number) for number in item)


def _is_count(number):
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0
