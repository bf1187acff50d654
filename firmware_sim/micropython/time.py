"""The device's clock: it passes ``speed`` times as fast as the real one, and starts unset, as an ESP32's does.

``KENTONGAN_CLOCK`` is SPEED@ANCHOR_MS: virtual ms UTC are anchor + (real - anchor) * speed. Ticks wrap at 2**30 as on
an ESP32 and start one minute before that, so that every run passes the wrap. This file stands before the interpreter's
own module on the path; that one is ``utime`` here.
"""

import os
import sys

import utime

_EPOCH_S = 946684800  # an ESP32 counts from 2000-01-01
_TICKS = 1 << 30
_FIRST_TICK = _TICKS - 60000

_speed, _, _anchor = (os.getenv("KENTONGAN_CLOCK") or "1@0").partition("@")
speed = float(_speed)
_anchor_ns = int(_anchor or "0") * 1000000

interrupts = []  # called whenever the firmware waits: what would have interrupted it since
_held_ms = None


def _passed_ns():
    return int((utime.time_ns() - _anchor_ns) * speed)


def world_ms():
    """The true time in ms UTC, which the device does not know."""
    return _held_ms if _held_ms is not None else (_anchor_ns + _passed_ns()) // 1000000


_started_ms = world_ms()
_set_ms = 0  # added by an RTC that was set


class held:
    """While it is entered the device's clock shows the moment of an interrupt."""

    def __init__(self, at_ms):
        self._at_ms = at_ms

    def __enter__(self):
        global _held_ms
        _held_ms = self._at_ms

    def __exit__(self, *error):
        global _held_ms
        _held_ms = None


def real_seconds(milliseconds):
    return milliseconds / 1000 / speed


def interrupt():
    for deliver in interrupts:
        deliver()


def set_clock(seconds_since_2000):
    global _set_ms
    _set_ms = int(seconds_since_2000 * 1000) - (world_ms() - _started_ms)


def ticks_ms():
    return (world_ms() - _started_ms + _FIRST_TICK) % _TICKS


def ticks_us():
    return ticks_ms() * 1000 % _TICKS


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return (ticks + delta) % _TICKS


def ticks_diff(end, start):
    return (end - start + _TICKS // 2) % _TICKS - _TICKS // 2


def time():
    return (world_ms() - _started_ms + _set_ms) // 1000


def time_ns():
    return (world_ms() - _started_ms + _set_ms) * 1000000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH_S)


localtime = gmtime


def mktime(parts):
    return utime.mktime(parts) - _EPOCH_S


def sleep_ms(milliseconds):
    utime.sleep(real_seconds(milliseconds))
    interrupt()


def sleep(seconds):
    sleep_ms(seconds * 1000)


def sleep_us(microseconds):
    sleep_ms(microseconds / 1000)


# asyncio takes its queue of tasks from a built-in module that reads the real clock.
import scaled_tasks  # noqa: E402 - it asks this module for the ticks

sys.modules["_asyncio"] = scaled_tasks
