"""What is true around this node at each moment, from the file named by ``KENTONGAN_WORLD``.

A line of JSON (columns, first moment, step, wiring, faults), then rows of 32-bit floats, one a step. Between rows the
truth is interpolated, before the first and after the last row it stands still.
"""

import json
import os
import struct
from time import world_ms


class _Table:
    def __init__(self, path):
        self._file = open(path, "rb")
        header = json.loads(self._file.readline())
        self._first_byte = header["first_byte"]
        self.start_ms, self.step_ms = header["start_ms"], header["step_ms"]
        self._rows = header["rows"]
        self._columns = {name: index for index, name in enumerate(header["columns"])}
        self.sensors = header["sensors"]
        self.faults = header["faults"]
        self._format = "<%df" % len(self._columns)
        self._row_bytes = 4 * len(self._columns)
        self._pair = (-1, None, None)

    def value(self, column, at_ms):
        row, into = divmod(at_ms - self.start_ms, self.step_ms)
        if row < 0:
            row, into = 0, 0
        elif row >= self._rows - 1:
            row, into = self._rows - 2, self.step_ms
        index = self._columns[column]
        _, low, high = self._rows_at(row)
        return low[index] + (high[index] - low[index]) * into / self.step_ms

    def _rows_at(self, row):
        if self._pair[0] != row:
            self._file.seek(self._first_byte + row * self._row_bytes)
            data = self._file.read(2 * self._row_bytes)
            both = struct.unpack(self._format + self._format[1:], data)
            half = len(both) // 2
            self._pair = (row, both[:half], both[half:])
        return self._pair


_table = _Table(os.getenv("KENTONGAN_WORLD"))


def truth(column, at_ms=None):
    """What ``column`` is at ``at_ms``, by default now; frozen while the world says that the sensor is stuck."""
    at_ms = world_ms() if at_ms is None else at_ms
    stuck = _fault(column, "stuck", at_ms)
    spike = _fault(column, "spike", at_ms)
    if spike:
        return spike["value"]
    return _table.value(column, stuck["from_ms"] if stuck else at_ms)


def is_faulty(column, kind, at_ms=None):
    return _fault(column, kind, world_ms() if at_ms is None else at_ms) is not None


def fault(column, kind):
    """The fault of this kind that ``column`` has now, or None."""
    return _fault(column, kind, world_ms())


def _fault(column, kind, at_ms):
    for fault in _table.faults:
        if fault["series"] == column and fault["kind"] == kind and fault["from_ms"] <= at_ms < fault["until_ms"]:
            return fault
    return None


def sensor(driver, key, number):
    """The sensor of kind ``driver`` (None: any) wired to ``key`` (uart, i2c, pin, adc) ``number``, or None."""
    for found in _table.sensors:
        if found.get(key) == number and driver in (None, found["driver"]):
            return found
    return None


def sensors_on(key, number):
    """All the sensors wired to ``key`` (i2c) ``number``."""
    return [found for found in _table.sensors if found.get(key) == number]


def noise(width, *keys):
    """A repeatable number around 0 with the standard deviation ``width``, a different one for different keys."""
    mixed = 2166136261
    total = 0
    for key in keys:
        mixed = ((mixed ^ key) * 16777619) & 0xFFFFFFFF
        mixed ^= mixed >> 15
    for _ in range(4):
        mixed = (mixed * 1664525 + 1013904223) & 0xFFFFFFFF
        total += mixed >> 8
    return (total / 4 / (1 << 24) - 0.5) * width * 6.93  # four uniform numbers: sigma is 1/sqrt(48)
