"""Tipping-bucket rain gauge: a reed contact that closes for a moment with every tip.

The contact bounces, so what follows a tip within a quarter of a second is the same tip; at 1000 mm/h a bucket of
0.2 mm tips every 0.7 s.
"""

from time import ticks_diff, ticks_ms

from machine import Pin

_DEAD_MS = 250
_AT_MOST_EVERY_MS = 10000  # a cloudburst tips every few seconds: its tips are told together


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._tips = 0
        self._told = 0
        self._told_at = ticks_ms()
        self._last = None
        self._pin = Pin(config["pin"], Pin.IN, Pin.PULL_UP)
        self._pin.irq(handler=self._fell, trigger=Pin.IRQ_FALLING)

    async def read(self):
        """How many tips there were since the last read."""
        tips = self._tips
        told, self._told, self._told_at = self._told, tips, ticks_ms()
        self._forget_old_edge()
        return {self.series[0]: tips - told}, {}

    def has_news(self):
        """Whether it rains: the first tip is told at once, the next ones together."""
        return self._tips != self._told and ticks_diff(ticks_ms(), self._told_at) >= _AT_MOST_EVERY_MS

    def _fell(self, pin):
        now = ticks_ms()
        if self._last is None or ticks_diff(now, self._last) >= _DEAD_MS:
            self._tips += 1
            self._last = now

    def _forget_old_edge(self):
        # After days without rain the difference of ticks would have wrapped and swallow the first tip.
        last = self._last
        if last is not None and ticks_diff(ticks_ms(), last) >= _DEAD_MS:
            self._last = None
