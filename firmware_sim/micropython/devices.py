"""Sensors as the bus sees them: bytes in time, registers, edges. What they measure is the world's business."""

import struct
from time import world_ms

import world
from bosch import BME280_CALIBRATION, bme280_data, bme280_registers


class Serial:
    """A part that sends frames by itself. Frame ``n`` leaves at ``n * cadence_ms`` of the world's clock; what was
    not read in time is lost from the old end of the receiver's buffer."""

    cadence_ms = 1000
    _buffer_frames = 8

    def __init__(self, sensor):
        self._next = world_ms() // self.cadence_ms + 1
        self._sensor = sensor

    def take(self):
        """The bytes since the last call."""
        last = world_ms() // self.cadence_ms
        first = max(self._next, last - self._buffer_frames + 1)
        self._next = max(self._next, last + 1)
        return b"".join(self.frame(number, number * self.cadence_ms) for number in range(first, last + 1))


class A02yyuw(Serial):
    """Distance in mm, ten frames a second; nothing at all out of range."""

    cadence_ms = 100
    _buffer_frames = 64
    _noise_mm = 3

    def frame(self, number, at_ms):
        series = self._sensor["series"]
        if world.is_faulty(series, "no_return", at_ms):
            return b""
        distance = world.truth(series, at_ms)
        if not 30 <= distance <= 4500:
            return b""
        distance = max(0, round(distance + world.noise(self._noise_mm, number, self._sensor["uart"])))
        high, low = distance >> 8, distance & 255
        check = (0xFF + high + low) & 0xFF
        # A long cable in a storm: now and then a bit is lost.
        if world.is_faulty(series, "checksum", at_ms) or number % 997 == 0:
            check ^= 0x10
        return bytes((0xFF, high, low, check))


class Maxbotix(Serial):
    """R, four digits, carriage return, 6.67 times a second; its least and greatest values are codes."""

    cadence_ms = 150
    _noise_mm = 2

    def frame(self, number, at_ms):
        series = self._sensor["series"]
        if world.is_faulty(series, "silent", at_ms):
            return b""
        distance = round(world.truth(series, at_ms) + world.noise(self._noise_mm, number, self._sensor["uart"]))
        if distance > 4999 or world.is_faulty(series, "no_return", at_ms):
            distance = 5000
        return b"R%04d\r" % max(300, distance)


class Pms5003(Serial):
    """A frame of 32 bytes each second; counts of particles roughly as its manual's example has them."""

    def frame(self, number, at_ms):
        if world.is_faulty("pm25_ugm3", "silent", at_ms):
            return b""
        fine = self._value("pm25_ugm3", number, at_ms)
        coarse = max(fine, self._value("pm10_ugm3", number, at_ms))
        smallest = fine * 7 // 10
        # CF=1 and atmospheric values agree up to about 30 and part above.
        masses = [value if value < 30 else value * 3 // 2 - 15 for value in (smallest, fine, coarse)]
        counts = [fine * 180, fine * 52, fine * 9, fine, coarse // 8, coarse // 20]
        words = masses + [smallest, fine, coarse] + [min(count, 65535) for count in counts] + [0x9700]
        frame = struct.pack(">2sH13H", b"\x42\x4d", 28, *words)
        check = sum(frame) ^ (1 if world.is_faulty("pm25_ugm3", "checksum", at_ms) else 0)
        return frame + struct.pack(">H", check)

    def _value(self, series, number, at_ms):
        truth = world.truth(series, at_ms)
        return max(0, round(truth + world.noise(0.5 + truth * 0.03, number, len(series))))


class Bme280:
    """The register map. A forced measurement takes 10 ms and then stands in the data registers."""

    _measure_ms = 10

    def __init__(self, sensor):
        self.address = sensor.get("address", 0x76)
        self._registers = bytearray(256)
        self._registers[0xD0] = 0x60
        self._registers[0xF7:0xFF] = b"\x80\x00\x00\x80\x00\x00\x80\x00"
        bme280_registers(BME280_CALIBRATION, self._registers)
        self._done_ms = None

    def is_there(self):
        return not world.is_faulty("temperature_c", "silent")

    def read(self, first, count):
        if self._done_ms is not None and world_ms() >= self._done_ms:
            self._finish()
        return bytes(self._registers[first : first + count])

    def write(self, register, data):
        for offset, byte in enumerate(data):
            self._registers[register + offset] = byte
        if register == 0xF4 and data[0] & 3 in (1, 2):
            self._registers[0xF3] |= 8
            self._done_ms = world_ms() + self._measure_ms

    def _finish(self):
        at_ms, self._done_ms = self._done_ms, None
        celsius = world.truth("temperature_c", at_ms) + world.noise(0.03, at_ms, 1)
        percent = world.truth("humidity_pct", at_ms) + world.noise(0.2, at_ms, 2)
        hectopascal = world.truth("pressure_hpa", at_ms) + world.noise(0.02, at_ms, 3)
        self._registers[0xF7:0xFF] = bme280_data(celsius, percent, hectopascal)
        self._registers[0xF3] &= ~8
        self._registers[0xF4] &= ~3


class Ads1115:
    """The converter with a 4-20 mA transmitter, or one of 0 to 5 V, on its inputs."""

    _convert_ms = 8

    def __init__(self, sensor):
        self.address = sensor.get("address", 0x48)
        self._sensor = sensor
        self._config = 0x8583
        self._result = 0
        self._done_ms = None

    def is_there(self):
        return not world.is_faulty(self._sensor["series"], "silent")

    def read(self, register, count):
        if self._done_ms is not None and world_ms() >= self._done_ms:
            self._result, self._config, self._done_ms = self._steps(self._done_ms), self._config | 0x8000, None
        return struct.pack(">h", self._result) if register == 0 else struct.pack(">H", self._config)

    def write(self, register, data):
        if register == 1:
            self._config = struct.unpack(">H", data)[0]
            if self._config & 0x8000:
                self._config &= 0x7FFF
                self._done_ms = world_ms() + self._convert_ms

    def _steps(self, at_ms):
        if (self._config >> 12 & 7) != 4 + self._sensor["channel"]:
            return 0
        series, low, high = self._sensor["series"], self._sensor["low_mm"], self._sensor["high_mm"]
        share = (world.truth(series, at_ms) - low) / (high - low)
        broken = world.is_faulty(series, "no_return", at_ms)
        if self._sensor["signal"] == "4-20mA":
            microvolts = (0 if broken else 4000 + 16000 * share) * self._sensor.get("shunt_ohm", 150)
        else:
            microvolts = 0 if broken else share * 5000000 / self._sensor.get("ratio", 1)
        return max(-32768, min(32767, round((microvolts + world.noise(200, at_ms)) / 125)))


def echo_us(sensor):
    """How long the JSN-SR04T holds its line for one pulse; without an echo it alternates between nothing and 5 cm."""
    series = sensor["series"]
    distance = world.truth(series)
    if world.is_faulty(series, "no_return") or not 250 <= distance <= 4500:
        return 292 if world_ms() // 100 % 2 else 60000
    return round((distance + world.noise(4, world_ms())) / 0.17162)


SERIAL = {"a02yyuw": A02yyuw, "maxbotix": Maxbotix, "pms5003": Pms5003}
I2C_DEVICES = {"ads1115": Ads1115, "bme280": Bme280}
