"""The horn and the lamp, and the rule by which they warn when core cannot.

Core warns people; a node warns by itself only when core does not know. Two samples in a row at or above the threshold,
and core has not acknowledged the first of them: the horn sounds for the time of the rule, and the lamp burns until two
samples are clear again. Maintenance keeps the horn still, and a test never touches it: only the lamp answers.
"""

from drivers.relay import Relay

_TOGETHER = 2  # samples that must agree
_TEST_MS = 5000
_BLINK_MS = 1000


class Siren:
    """Also a driver: whether the horn sounds is a series, stored and reported like what is measured."""

    series = ("siren_on",)

    def __init__(self, wiring):
        active_low = wiring.get("active_low", False)
        self._horn = Relay(wiring["horn"], active_low)
        self._lamp = Relay(wiring["lamp"], active_low)
        self._horn_until = None
        self._lamp_until = None
        self._blinks = False
        self._maintained_until = None
        self._above = 0
        self._clear = 0
        self._first = None  # (boot, seq) of the first sample of a breach
        self._core_knows = False
        self._has_sounded = False
        self._told = 0

    @property
    def is_sounding(self):
        return self._horn.is_on

    # -- the driver --------------------------------------------------------------------------------------------------

    async def read(self):
        self._told = int(self._horn.is_on)
        return {"siren_on": self._told}, {}

    def has_news(self):
        return self._told != self._horn.is_on

    # -- the rule ----------------------------------------------------------------------------------------------------

    def sampled(self, rule, boot, seq, values, uptime_ms):
        """Judge one sample by ``rule`` (None: there is none)."""
        distance = None if rule is None else values.get(rule.series)
        if distance is None:
            return
        if distance <= rule.at_mm:
            self._clear = 0
            self._above += 1
            if self._first is None:
                self._first = (boot, seq)
        elif distance >= rule.clear_mm:
            self._above = 0
            self._clear += 1
        if self._clear >= _TOGETHER:
            self._calm_down(uptime_ms)
        elif self._above >= _TOGETHER and not self._core_knows and not self._has_sounded:
            self._warn(rule, uptime_ms)

    def acknowledged(self, ranges):
        """Core has these readings."""
        if self._first is not None:
            boot, seq = self._first
            self._core_knows = self._core_knows or any(
                of_boot == boot and first <= seq <= last for of_boot, first, last in ranges
            )

    def _warn(self, rule, uptime_ms):
        self._has_sounded = self.sound(uptime_ms, rule.for_s)

    def _calm_down(self, uptime_ms):
        if self._first is not None:
            self.silence()
        self._first = None
        self._core_knows = self._has_sounded = False

    # -- what it can do ----------------------------------------------------------------------------------------------

    def sound(self, uptime_ms, for_s):
        """Light the lamp and, unless maintenance keeps it still, sound the horn; whether it sounds."""
        self._light(True)
        if self._maintained_until is not None and uptime_ms < self._maintained_until:
            return False
        self._horn_until = uptime_ms + 1000 * for_s
        self._horn.switch(True)
        return True

    def silence(self):
        """Horn and lamp off; the same breach does not sound again."""
        self._has_sounded = True
        self._horn_until = None
        self._horn.switch(False)
        self._light(False)

    def test(self, uptime_ms):
        """Light the lamp for five seconds. The horn is not touched."""
        self._flash(uptime_ms, _TEST_MS, False)

    def identify(self, uptime_ms, for_s):
        """Blink, so that whoever stands before it knows which one it is."""
        self._flash(uptime_ms, 1000 * for_s, True)

    def maintain(self, until_ms):
        """Keep the horn still until this uptime."""
        self._maintained_until = until_ms
        self._horn_until = None
        self._horn.switch(False)

    def tick(self, uptime_ms):
        """To be called every second: ends what has lasted long enough."""
        if self._horn_until is not None and uptime_ms >= self._horn_until:
            self._horn_until = None
            self._horn.switch(False)
        if self._lamp_until is None:
            return
        if uptime_ms >= self._lamp_until:
            self._light(False)
        elif self._blinks:
            self._lamp.switch(uptime_ms // _BLINK_MS % 2)

    def _flash(self, uptime_ms, for_ms, blinks):
        if not self._lamp.is_on or self._lamp_until is not None:  # a lamp that warns goes on warning
            self._lamp_until = uptime_ms + for_ms
            self._blinks = blinks
            self._lamp.switch(True)

    def _light(self, on):
        self._lamp_until = None
        self._lamp.switch(on)
