"""Two clocks: the uptime, which is always there, and UTC, which is known once core has said what time it is."""

from time import ticks_diff, ticks_ms

_EARLIEST = 1577836800000  # 2020-01-01: whoever says less has no clock either
_STEP_MS = 60000
_WINDOW_MS = 6 * 3600 * 1000


class Uptime:
    """Milliseconds since the start as a count that does not wrap. To be read at least once in six days."""

    def __init__(self):
        self._last = ticks_ms()
        self._total = 0

    def ms(self):
        now = ticks_ms()
        self._total += ticks_diff(now, self._last)
        self._last = now
        return self._total


class Clock:
    """UTC of this boot and of earlier ones, by offsets (UTC minus uptime) that the ring remembers.

    An acknowledgement arrives after core wrote its ``now``, so an offset taken from it is too small by the delay and
    the greatest of several is the best. Every six hours the greatest of the last six is taken, as crystals drift; a
    difference of a minute is not drift and is believed at once.
    """

    def __init__(self, uptime, boot, ring):
        self._uptime = uptime
        self._boot = boot
        self._ring = ring
        self._best = None
        self._window_from = 0

    def hear(self, now_ms):
        """Core says that it is ``now_ms``, in ms UTC."""
        if now_ms < _EARLIEST:
            return
        uptime_ms = self._uptime.ms()
        heard = now_ms - uptime_ms
        known = self._ring.offset(self._boot)
        if self._best is None or heard > self._best:
            self._best = heard
        if known is None or heard > known or known - heard > _STEP_MS:
            self._ring.set_offset(self._boot, heard)
        if uptime_ms - self._window_from >= _WINDOW_MS:
            if self._best < self._ring.offset(self._boot):
                self._ring.set_offset(self._boot, self._best)
            self._best = None
            self._window_from = uptime_ms

    def time_of(self, boot, uptime_ms):
        """ms UTC of a moment of any boot, or None when that boot never knew."""
        offset = self._ring.offset(boot)
        return None if offset is None else offset + uptime_ms
