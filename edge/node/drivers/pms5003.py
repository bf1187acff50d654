"""PMS5003: laser particle counter. It sends frames of 32 bytes at 9600 baud by itself, about one a second.

The fan needs 30 s before the values mean something. PM2.5 is given twice: as the manual's "atmospheric" value, and as
the "CF=1" value on which correction formulas for humid air are built.
"""

import struct
from time import ticks_diff, ticks_ms

from machine import UART

from frames import gather

_WARM_UP_MS = 30000
_WAIT_MS = 5000
_FRAME_BYTES = 32
_START = b"\x42\x4d"
_MOST_UGM3 = 1000


class Driver:
    series = ("pm25_ugm3", "pm10_ugm3", "pm25_cf1_ugm3")

    def __init__(self, config):
        self._uart = UART(config["uart"], baudrate=9600, tx=config["tx"], rx=config["rx"])
        self._started = ticks_ms()
        self._is_warm = False

    async def read(self):
        """The next frame's mass concentrations in micrograms a cubic metre."""
        if not self._is_warm:
            # Once and for all: the difference of ticks is only meaningful for some days.
            self._is_warm = ticks_diff(ticks_ms(), self._started) >= _WARM_UP_MS
        if not self._is_warm:
            return self._failed("warming_up")
        frames, fault = await gather(self._uart, parse, 1, _WAIT_MS)
        if fault:
            return self._failed("comms" if fault == "no_return" else fault)
        if max(frames[0]) > _MOST_UGM3:
            return self._failed("out_of_range")
        return dict(zip(self.series, frames[0])), {}  # noqa: B905 - MicroPython has no strict

    def _failed(self, fault):
        return dict.fromkeys(self.series), dict.fromkeys(self.series, fault)


def parse(data):
    """(PM2.5, PM10, PM2.5 at CF=1) of each whole frame, how many were broken, and the bytes that begin the next one."""
    found, broken = [], 0
    while True:
        at = data.find(_START)
        if at < 0:
            return found, broken, data[-1:] if data[-1:] == _START[:1] else b""
        data = data[at:]
        if len(data) < _FRAME_BYTES:
            return found, broken, data
        words = struct.unpack(">16H", data[:_FRAME_BYTES])
        if words[1] == 28 and words[15] == sum(data[: _FRAME_BYTES - 2]):
            found.append((words[6], words[7], words[3]))
            data = data[_FRAME_BYTES:]
        else:
            broken += 1
            data = data[2:]
