"""How often to measure: as a rule each minute, faster while the water rises or somebody watches, slower when the
battery is low. Water that rises goes before a battery that empties."""

from array import array

_BIN_MS = 60000
_LIVE_MS = 1000  # a sensor that takes longer for a value sets the pace itself
_BINS = 10  # a rise is looked for within so many minutes
_RECOVERED_MV = 100
_NOTHING = -1


class Beat:
    def __init__(self, config):
        self.config = config
        self._farthest = array("i", [_NOTHING] * _BINS)  # the greatest distance of each of the last minutes, in mm
        self._bin = 0
        self._live_until = None
        self.is_rising = False
        self.is_low = False

    def heard(self, uptime_ms, values):
        """What was measured now."""
        self._turn(uptime_ms // _BIN_MS)
        for series, value in values.items():
            if value is not None and series.startswith("distance_mm"):
                self._compare(int(value))
                break  # the first level sensor decides
        self._weigh(values.get("batt_mv"))

    def live(self, until_ms):
        """Somebody watches until this uptime."""
        self._live_until = until_ms

    def interval_ms(self, uptime_ms):
        config = self.config
        if self._live_until is not None and uptime_ms >= self._live_until:
            self._live_until = None
        if self._live_until is not None:
            return _LIVE_MS
        if self.is_rising:
            return 1000 * config.fast_s
        return 1000 * (config.slow_s if self.is_low else config.sample_s)

    def _turn(self, number):
        for passed in range(max(self._bin + 1, number - _BINS + 1), number + 1):
            self._farthest[passed % _BINS] = _NOTHING
        self._bin = number

    def _compare(self, distance):
        at = self._bin % _BINS
        self._farthest[at] = max(self._farthest[at], distance)
        self.is_rising = max(self._farthest) - distance >= self.config.rising_mm

    def _weigh(self, millivolts):
        if millivolts is not None:
            self.is_low = millivolts < self.config.low_mv + (_RECOVERED_MV if self.is_low else 0)
