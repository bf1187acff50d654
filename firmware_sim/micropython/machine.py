"""The pins and buses of an ESP32, with the sensors that the world says are wired to them.

``reset`` ends the interpreter with status 75; whoever runs it starts it again, as a chip would.
"""

import os
import sys
import time

import world
from devices import I2C_DEVICES, SERIAL, echo_us
from tips import Contact

_RESET_STATUS = 75
PWRON_RESET = 1


def reset():
    sys.exit(_RESET_STATUS)


def reset_cause():
    return PWRON_RESET


def unique_id():
    return b"\x24\x0a\xc4\x00\x00\x01"


class Pin:
    IN, OUT = 1, 3
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, number, mode=IN, pull=None, value=None):
        self.number = number
        self._value = 1 if value is None else value
        self._is_out = mode == Pin.OUT
        self._switch = None if self._is_out else world.sensor("switch", "pin", number)
        if self._is_out:
            _note(number, self._value)

    def value(self, level=None):
        if level is None:
            return self._level()
        if level != self._value:
            self._value = level
            _note(self.number, level)
        return level

    def _level(self):
        if self._switch:
            is_away = world.truth(self._switch["series"]) > 0.5
            return int(self._switch["rest"] != is_away)
        if world.sensor("jsn_sr04t", "echo", self.number):
            return 0
        return self._value

    def irq(self, handler=None, trigger=IRQ_FALLING):
        # The contact of a bucket only ever falls for as long as nobody can look.
        if world.sensor("tipping_bucket", "pin", self.number) and trigger & self.IRQ_FALLING:
            self._contact = Contact(lambda: handler(self))


def _note(number, level):
    """What the firmware does to its outputs, for whoever asked for it: a line of ms UTC, pin and level each time."""
    path = os.getenv("KENTONGAN_OUTPUTS")
    if path:
        with open(path, "a") as file:
            file.write("%d %d %d\n" % (time.world_ms(), number, level))


def time_pulse_us(pin, level, timeout_us=1000000):
    """As the chip's: -2 when the pulse never begins, -1 when it does not end in time."""
    sensor = world.sensor("jsn_sr04t", "echo", pin.number)
    found = echo_us(sensor) if sensor else -2
    return -1 if found > timeout_us else found


class UART:
    INV_RX = 4

    def __init__(self, number, baudrate=9600, tx=None, rx=None, rxbuf=256, timeout=0, invert=0):
        sensor = world.sensor(None, "uart", number)
        self._device = SERIAL[sensor["driver"]](sensor) if sensor else None
        self._waiting = b""

    def any(self):
        if self._device:
            self._waiting += self._device.take()
        return len(self._waiting)

    def read(self, most=None):
        if not self.any():
            return None
        most = len(self._waiting) if most is None else most
        data, self._waiting = self._waiting[:most], self._waiting[most:]
        return data

    def write(self, data):
        return len(data)


class I2C:
    def __init__(self, number, sda=None, scl=None, freq=400000):
        self._devices = {}
        for sensor in world.sensors_on("i2c", number):
            device = I2C_DEVICES[sensor["driver"]](sensor)
            self._devices[device.address] = device

    def scan(self):
        return [address for address, device in sorted(self._devices.items()) if device.is_there()]

    def readfrom_mem(self, address, register, count):
        return self._at(address).read(register, count)

    def writeto_mem(self, address, register, data):
        self._at(address).write(register, data)

    def _at(self, address):
        if address not in self.scan():
            raise OSError(19)  # ENODEV: nobody acknowledges
        return self._devices[address]


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3
    _STEP_UV = 806  # 3.3 V in 4096 steps

    def __init__(self, pin, atten=ATTN_11DB):
        self._sensor = world.sensor(None, "adc", pin.number)
        self._reads = 0

    def read_uv(self):
        if not self._sensor:
            return 142000  # an open pin at 11 dB
        self._reads += 1
        truth = world.truth(self._sensor["series"]) * 1000 / self._sensor["ratio"]
        return max(0, int((truth + world.noise(4000, self._reads)) / self._STEP_UV) * self._STEP_UV)


class WDT:
    """It cannot bite: whatever could count here would stop together with the firmware."""

    def __init__(self, id=0, timeout=5000):
        self.timeout = timeout

    def feed(self):
        pass


class RTC:
    def datetime(self, parts=None):
        if parts is None:
            year, month, day, hour, minute, second, weekday, _ = time.gmtime()
            return (year, month, day, weekday, hour, minute, second, 0)
        year, month, day, _, hour, minute, second, _ = parts
        time.set_clock(time.mktime((year, month, day, hour, minute, second, 0, 0)))
        return parts
