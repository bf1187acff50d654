"""A contact: the lid of the box, a tilt switch. 1 while it is away from its rest, and a change is told at once."""

from time import ticks_diff, ticks_ms

from machine import Pin

_QUIET_MS = 5000  # a contact that chatters must not fill the ring


class Driver:
    """``rest``: the pin's level while all is well; 0 for a contact to ground that the closed lid holds shut."""

    def __init__(self, config):
        self.series = (config["series"],)
        self._pin = Pin(config["pin"], Pin.IN, Pin.PULL_UP)
        self._rest = config["rest"]
        self._told = None
        self._told_at = ticks_ms()
        self._seen = None  # at the last look

    async def read(self):
        self._told, self._told_at = self._is_away(), ticks_ms()
        return {self.series[0]: self._told}, {}

    def has_news(self):
        """Whether it changed: two looks in a row must agree."""
        before, self._seen = self._seen, self._is_away()
        if self._seen != before or self._seen == self._told or self._told is None:
            return False
        return not 0 <= ticks_diff(ticks_ms(), self._told_at) < _QUIET_MS

    def _is_away(self):
        return int(self._pin.value() != self._rest)
