"""JSN-SR04T: ultrasonic distance, waterproof probe, in its usual mode: a pulse to trigger, an echo as long as the way.

It is blind below 250 mm and reaches 4500 mm. Without an echo it holds its line high for some 60 ms, and it is known to
alternate between that and a false 50 mm: neither is a measurement, and a distance counts only when most pulses gave
one. It does not correct for the air's temperature, nor do we: the distance is for air of 20 degrees Celsius, which is
what ``sound_reference_c`` of the station must say.
"""

import asyncio
from time import sleep_us

from machine import Pin, time_pulse_us

from spread import median_and_spread

_PULSES = 7
_GAP_MS = 100  # longer than the line stays high without an echo
_TRIGGER_US = 20  # the older boards need more than the usual 10
_LONGEST_US = 40000
_NEAREST_MM = 250
_FARTHEST_MM = 4500
# There and back at 331.3 * sqrt(1 + 20 / 273.15) = 343.2 m/s.
_MM_PER_10000_US = 1716


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._trigger = Pin(config["trigger"], Pin.OUT, value=0)
        self._echo = Pin(config["echo"], Pin.IN)

    async def read(self):
        """The median of the pulses that came back, in mm."""
        series = self.series[0]
        distances, faults = [], []
        for _ in range(_PULSES):
            distance, fault = self._measure()
            if fault:
                faults.append(fault)
            else:
                distances.append(distance)
            await asyncio.sleep_ms(_GAP_MS)
        if 2 * len(faults) >= _PULSES:
            return {series: None}, {series: max(set(faults), key=faults.count)}
        return median_and_spread(series, distances), {}

    def _measure(self):
        """One pulse: (mm, None), or (None, fault)."""
        if self._echo.value():
            return None, "comms"  # the line is stuck high
        self._trigger.value(1)
        sleep_us(_TRIGGER_US)
        self._trigger.value(0)
        echo_us = time_pulse_us(self._echo, 1, _LONGEST_US)
        if echo_us == -2:
            return None, "comms"  # it never answered
        if echo_us < 0:
            return None, "no_return"
        distance = echo_us * _MM_PER_10000_US // 10000
        if distance < _NEAREST_MM:
            return None, "no_return"  # the false 50 mm; nothing real is seen there
        return (None, "out_of_range") if distance > _FARTHEST_MM else (distance, None)
