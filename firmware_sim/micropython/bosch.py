"""The Bosch compensation turned round: which raw values a part with these constants gives for a temperature,
humidity and pressure. Found by halving, as the data sheet gives the other direction only (here in its form with
floating point, where the firmware uses whole numbers)."""

import struct

# Constants of the size that real parts have: T1..T3, P1..P9, H1..H6.
BME280_CALIBRATION = (
    (28485, 26735, 50),
    (36738, -10635, 3024, 6980, -4, -7, 9900, -10230, 4285),
    (75, 367, 0, 301, 50, 30),
)


def bme280_registers(calibration, registers):
    """Lay the constants out as the part does."""
    temperature, pressure, humidity = calibration
    registers[0x88:0xA0] = struct.pack("<HhhHhhhhhhhh", *(temperature + pressure))
    registers[0xA1] = humidity[0]
    registers[0xE1:0xE4] = struct.pack("<hB", humidity[1], humidity[2])
    h4, h5 = humidity[3], humidity[4]
    registers[0xE4] = h4 >> 4 & 255
    registers[0xE5] = (h4 & 15) | (h5 & 15) << 4
    registers[0xE6] = h5 >> 4 & 255
    registers[0xE7] = humidity[5] & 255


def bme280_data(celsius, percent, hectopascal):
    """Registers 0xF7 to 0xFE."""
    temperature, pressure, humidity = BME280_CALIBRATION
    raw_t = _solve(lambda raw: _fine(temperature, raw) / 5120, celsius, 20)
    fine = _fine(temperature, raw_t)
    raw_p = _solve(lambda raw: -_pascal(pressure, raw, fine), -hectopascal * 100, 20)
    raw_h = _solve(lambda raw: _percent(humidity, raw, fine), percent, 16)
    return _bytes_of(raw_p) + _bytes_of(raw_t) + struct.pack(">H", raw_h)


def _bytes_of(raw):
    return bytes((raw >> 12, raw >> 4 & 255, raw << 4 & 0xF0))


def _solve(rising, wanted, bits):
    """The raw value whose compensated one is nearest below ``wanted``."""
    raw = 0
    for bit in range(bits - 1, -1, -1):
        if rising(raw | 1 << bit) <= wanted:
            raw |= 1 << bit
    return raw


def _fine(t, raw):
    linear = (raw / 16384 - t[0] / 1024) * t[1]
    offset = raw / 131072 - t[0] / 8192
    return linear + offset * offset * t[2]


def _pascal(p, raw, fine):
    x = fine / 2 - 64000
    offset = x * x * p[5] / 32768
    offset = (offset + x * p[4] * 2) / 4 + p[3] * 65536
    scale = (p[2] * x * x / 524288 + p[1] * x) / 524288
    scale = (1 + scale / 32768) * p[0]
    value = (1048576 - raw - offset / 4096) * 6250 / scale
    return value + (p[8] * value * value / 2147483648 + value * p[7] / 32768 + p[6]) / 16


def _percent(h, raw, fine):
    x = fine - 76800
    value = raw - (h[3] * 64 + h[4] / 16384 * x)
    value *= h[1] / 65536 * (1 + h[5] / 67108864 * x * (1 + h[2] / 67108864 * x))
    return value * (1 - h[0] * value / 524288)
