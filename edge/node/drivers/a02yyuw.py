"""A02YYUW: ultrasonic distance, waterproof. It sends 0xFF, high, low, sum at 9600 baud by itself, ten times a second.

Beyond its range it sends nothing at all, so what is left in the buffer would look like a live value: every read begins
by throwing the buffer away. The blind zone ends at 30 mm, the range at 4500 mm.
"""

from machine import UART

from frames import gather
from spread import median_and_spread

_FRAMES = 7
_WAIT_MS = 3000
_NEAREST_MM = 30
_FARTHEST_MM = 4500


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._uart = UART(config["uart"], baudrate=9600, tx=config["tx"], rx=config["rx"])

    async def read(self):
        """The median of several frames, in mm, and their spread."""
        series = self.series[0]
        distances, fault = await gather(self._uart, parse, _FRAMES, _WAIT_MS)
        if fault:
            return {series: None}, {series: fault}
        found = median_and_spread(series, distances)
        if not _NEAREST_MM <= found[series] <= _FARTHEST_MM:
            return {series: None}, {series: "out_of_range"}
        return found, {}


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
