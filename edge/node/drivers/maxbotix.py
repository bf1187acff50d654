"""MaxBotix HRXL-MaxSonar-WR (MB7389 class): ultrasonic distance with 1 mm resolution.

Left alone it sends R, four digits in mm and a carriage return at 9600 baud, 6.67 times a second. It has no checksum.
0300 is its nearest value and says that something is in the way (a web, a branch), 5000 on the parts of 5 m and 9999 on
those of 10 m that nothing came back, 0000 that it failed. The RS-232 parts (MB736x) need ``"inverted": true``.
"""

from machine import UART

from frames import gather
from spread import median_and_spread

_FRAMES = 7
_WAIT_MS = 4000
_FRAME_BYTES = 6
_NEAREST_MM = 300
_FARTHEST_MM = 5000


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._farthest_mm = config.get("range_mm", _FARTHEST_MM)
        polarity = {"invert": UART.INV_RX} if config.get("inverted") else {}
        self._uart = UART(config["uart"], baudrate=9600, tx=config["tx"], rx=config["rx"], **polarity)

    async def read(self):
        """The median of the frames that are measurements, in mm, when they are more than those that are codes."""
        series = self.series[0]
        found, fault = await gather(self._uart, parse, _FRAMES, _WAIT_MS)
        if fault:
            return {series: None}, {series: fault}
        codes = [code for code in (self._code(distance) for distance in found) if code]
        if 2 * len(codes) >= len(found):
            return {series: None}, {series: max(set(codes), key=codes.count)}
        return median_and_spread(series, [distance for distance in found if not self._code(distance)]), {}

    def _code(self, distance):
        """What a value that is no distance says, or None."""
        if distance == 0:
            return "failed"
        if distance >= min(self._farthest_mm, 9998):
            return "no_return"
        if distance == _NEAREST_MM:
            return "obstructed"
        return "out_of_range" if distance < _NEAREST_MM else None


def parse(data):
    """Values in mm of whole frames, how many were broken, and the bytes that begin the next one."""
    found, broken = [], 0
    while True:
        at = data.find(b"R")
        if at < 0:
            return found, broken, b""
        data = data[at:]
        if len(data) < _FRAME_BYTES:
            return found, broken, data
        digits = data[1:5]
        if data[5] == 13 and all(48 <= digit <= 57 for digit in digits):
            found.append(int(digits))
            data = data[_FRAME_BYTES:]
        else:
            broken += 1
            data = data[1:]
