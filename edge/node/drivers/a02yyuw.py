"""A02YYUW: ultrasonic distance, waterproof. It sends 0xFF, high, low, sum at 9600 baud by itself, ten times a second.

Beyond its range it sends nothing at all, so what is left in the buffer would look like a live value: every read begins
by throwing the buffer away. The blind zone ends at 30 mm, the range at 4500 mm.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

from machine import UART

_FRAMES = 7
_WAIT_MS = 3000
_POLL_MS = 100
_NEAREST_MM = 30
_FARTHEST_MM = 4500


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._uart = UART(config["uart"], baudrate=9600, tx=config["tx"], rx=config["rx"])

    async def read(self):
        """The median of several frames, in mm."""
        self._uart.read()
        distances, broken = await self._gather()
        if not distances:
            return self._failed("checksum" if broken else "no_return")
        distance = sorted(distances)[len(distances) // 2]
        if not _NEAREST_MM <= distance <= _FARTHEST_MM:
            return self._failed("out_of_range")
        return {self.series[0]: distance}, {}

    async def _gather(self):
        late = ticks_add(ticks_ms(), _WAIT_MS)
        waiting = b""
        distances, broken = [], 0
        while len(distances) < _FRAMES and ticks_diff(late, ticks_ms()) > 0:
            await asyncio.sleep_ms(_POLL_MS)
            found, bad, waiting = parse(waiting + (self._uart.read() or b""))
            distances.extend(found)
            broken += bad
        return distances, broken

    def _failed(self, fault):
        return {self.series[0]: None}, {self.series[0]: fault}


def parse(data):
    """Distances in mm of whole frames, how many frames had a wrong sum, and the bytes that begin the next one."""
    distances, broken, at = [], 0, 0
    while len(data) - at >= 4:
        if data[at] != 0xFF:
            at += 1
        elif (0xFF + data[at + 1] + data[at + 2]) & 0xFF == data[at + 3]:
            distances.append(data[at + 1] << 8 | data[at + 2])
            at += 4
        else:
            # This 0xFF was a data byte, or the frame is broken: the next one may begin with the next byte.
            broken += 1
            at += 1
    return distances, broken, data[at:]
