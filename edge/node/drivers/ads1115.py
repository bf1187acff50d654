"""A level sensor with a current (4-20 mA) or a voltage (0-5 V), through an ADS1115 converter on I2C.

Current: across ``shunt_ohm``, 150 ohms for 0.6 to 3 V. NAMUR NE 43 says what is a measurement (3.8 to 20.5 mA), what is
beyond the sensor's range, and what is a fault: below 3.6 mA the wire is broken or the sensor dead, above 21 mA it
reports its own failure. Voltage: through a divider by ``ratio``; it has no living zero, so that a broken wire reads
like the least value. ``low_mm`` and ``high_mm`` are what 4 mA and 20 mA (0 V and 5 V) mean; for a probe below the water
give the distance from the datum, which falls as the water rises.
"""

import asyncio

from machine import I2C, Pin

from spread import median_and_spread

_ADDRESS = 0x48
_CONVERSION, _CONFIG = 0, 1
# Start, single-ended channel (added), 4.096 V full scale, one conversion, 128 a second, no comparator.
_ONE_SHOT = 0xC383
_CHANNEL_SHIFT = 12
_UV_PER_STEP = 125
_SAMPLES = 7
_CONVERT_MS = 10
_TRIES = 5
_MOST = 0x7FFF
_SHUNT_OHM = 150


class NoAnswer(Exception):
    """The converter does not do what it is told: the bus is stuck, or something else answers there."""


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._bus = I2C(config["i2c"], sda=Pin(config["sda"]), scl=Pin(config["scl"]), freq=100000)
        self._address = config.get("address", _ADDRESS)
        self._start = _ONE_SHOT | config["channel"] << _CHANNEL_SHIFT
        self._low_mm, self._high_mm = config["low_mm"], config["high_mm"]
        is_current = config["signal"] == "4-20mA"
        self._share_of = share_of_current if is_current else share_of_voltage
        # To microamperes, or to microvolts before the divider.
        self._scale = 1 / config.get("shunt_ohm", _SHUNT_OHM) if is_current else config.get("ratio", 1)

    async def read(self):
        """The median of several conversions, in mm."""
        series = self.series[0]
        levels = []
        try:
            for _ in range(_SAMPLES):
                step = await self._convert()
                share, fault = (
                    (0, "out_of_range") if step == _MOST else self._share_of(step * _UV_PER_STEP * self._scale)
                )
                if fault:
                    return {series: None}, {series: fault}
                levels.append(round(self._low_mm + share * (self._high_mm - self._low_mm), 1))
        except (OSError, NoAnswer):
            return {series: None}, {series: "comms"}
        return median_and_spread(series, levels), {}

    async def _convert(self):
        """One conversion in steps, signed; raises OSError and NoAnswer."""
        self._bus.writeto_mem(self._address, _CONFIG, self._start.to_bytes(2, "big"))
        for _ in range(_TRIES):
            await asyncio.sleep_ms(_CONVERT_MS)
            state = int.from_bytes(self._bus.readfrom_mem(self._address, _CONFIG, 2), "big")
            if state & 0x7FFF != self._start & 0x7FFF:
                raise NoAnswer("another configuration")
            if state & 0x8000:
                step = int.from_bytes(self._bus.readfrom_mem(self._address, _CONVERSION, 2), "big")
                return step - 65536 if step > _MOST else step
        raise NoAnswer("no conversion")


def share_of_current(microamperes):
    """(share of the span, None), or (0, fault), after NAMUR NE 43."""
    if microamperes < 3600:
        return 0, "comms"
    if microamperes > 21000:
        return 0, "failed"
    if not 3800 <= microamperes <= 20500:
        return 0, "out_of_range"
    return (microamperes - 4000) / 16000, None


def share_of_voltage(microvolts):
    """(share of the span, None), or (0, fault) where 0 to 5 V are left by more than a tenth of a volt."""
    if not -100000 <= microvolts <= 5100000:
        return 0, "out_of_range"
    return microvolts / 5000000, None
