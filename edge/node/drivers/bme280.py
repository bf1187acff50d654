"""BME280 on I2C: temperature, humidity, pressure; one forced measurement for each read, asleep between them.

The compensation is the data sheet's, in whole numbers: 32-bit floats would lose the pressure's last digits.
"""

import asyncio
import struct

from machine import I2C, Pin

_ADDRESS = 0x76
_CHIP_ID = 0x60
_MEASURE_MS = 12
_TRIES = 10
_RESET_RAW = 0x80000  # what the data registers hold before the first measurement
_SPANS = {"temperature_c": (-40, 85), "humidity_pct": (0, 100), "pressure_hpa": (300, 1100)}


class Driver:
    series = ("temperature_c", "humidity_pct", "pressure_hpa")

    def __init__(self, config):
        self._bus = I2C(config["i2c"], sda=Pin(config["sda"]), scl=Pin(config["scl"]), freq=100000)
        self._address = config.get("address", _ADDRESS)
        self._calibration = None

    async def read(self):
        """degrees Celsius, percent, hPa."""
        try:
            raw = await self._measure()
        except OSError:
            # It may have lost its supply: everything is set up anew at the next read.
            self._calibration = None
            raw = None
        if raw is None:
            return dict.fromkeys(self.series), dict.fromkeys(self.series, "comms")
        values = dict(zip(self.series, compensate(self._calibration, *raw)))  # noqa: B905 - MicroPython has no strict
        faults = {}
        for series, (low, high) in _SPANS.items():
            if not low <= values[series] <= high:
                values[series], faults[series] = None, "out_of_range"
        return values, faults

    async def _measure(self):
        """Raw temperature, humidity and pressure, or None when the part does not finish."""
        if self._calibration is None:
            if self._registers(0xD0, 1)[0] != _CHIP_ID:
                raise OSError("no BME280")
            self._calibration = unpack_calibration(self._registers(0x88, 26), self._registers(0xE1, 7))
        self._bus.writeto_mem(self._address, 0xF2, b"\x01")
        self._bus.writeto_mem(self._address, 0xF4, b"\x25")  # once each, forced
        for _ in range(_TRIES):
            await asyncio.sleep_ms(_MEASURE_MS)
            if not self._registers(0xF3, 1)[0] & 8:
                break
        else:
            return None
        data = self._registers(0xF7, 8)
        pressure = data[0] << 12 | data[1] << 4 | data[2] >> 4
        temperature = data[3] << 12 | data[4] << 4 | data[5] >> 4
        return None if temperature == _RESET_RAW else (temperature, data[6] << 8 | data[7], pressure)

    def _registers(self, first, count):
        return self._bus.readfrom_mem(self._address, first, count)


def unpack_calibration(low, high):
    """(T1..T3), (P1..P9), (H1..H6) from registers 0x88.. (26 bytes) and 0xE1.. (7 bytes)."""
    words = struct.unpack("<HhhHhhhhhhhh", low[:24])
    h2, h3 = struct.unpack("<hB", high[:3])
    h4 = _signed(high[3], 8) << 4 | high[4] & 15
    h5 = _signed(high[5], 8) << 4 | high[4] >> 4
    return words[:3], words[3:], (low[25], h2, h3, h4, h5, _signed(high[6], 8))


def compensate(calibration, raw_temperature, raw_humidity, raw_pressure):
    """degrees Celsius, percent, hPa, each to two decimals."""
    temperature, pressure, humidity = calibration
    fine = _fine_temperature(temperature, raw_temperature)
    celsius = (fine * 5 + 128 >> 8) / 100
    percent = round(_humidity(humidity, raw_humidity, fine) / 1024, 2)
    return celsius, percent, round(_pressure(pressure, raw_pressure, fine) / 25600, 2)


def _fine_temperature(t, raw):
    linear = ((raw >> 3) - (t[0] << 1)) * t[1] >> 11
    offset = (raw >> 4) - t[0]
    return linear + ((offset * offset >> 12) * t[2] >> 14)


def _pressure(p, raw, fine):
    """Pa in 24.8 fixed point."""
    x = fine - 128000
    offset = x * x * p[5] + (x * p[4] << 17) + (p[3] << 35)
    scale = (x * x * p[2] >> 8) + (x * p[1] << 12)
    scale = ((1 << 47) + scale) * p[0] >> 33
    if scale == 0:
        return 0
    value = ((1048576 - raw << 31) - offset) * 3125 // scale
    square = p[8] * (value >> 13) * (value >> 13) >> 25
    return (value + square + (p[7] * value >> 19) >> 8) + (p[6] << 4)


def _humidity(h, raw, fine):
    """Percent in 22.10 fixed point."""
    x = fine - 76800
    signal = (raw << 14) - (h[3] << 20) - h[4] * x + 16384 >> 15
    gain = ((x * h[5] >> 10) * ((x * h[2] >> 11) + 32768) >> 10) + 2097152
    value = signal * (gain * h[1] + 8192 >> 14)
    value -= ((value >> 15) * (value >> 15) >> 7) * h[0] >> 4
    return max(0, min(value, 419430400)) >> 12


def _signed(value, bits):
    return value - (1 << bits) if value >> bits - 1 else value
