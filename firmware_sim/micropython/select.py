"""Waiting on the device's clock. Whatever the firmware waits with ends here, so here its interrupts come in."""

import time

import uselect
from uselect import POLLERR, POLLHUP, POLLIN, POLLOUT  # noqa: F401 - this file is the module

POLLPRI = 2


class poll:
    """As the interpreter's own, with time-outs in the device's milliseconds."""

    def __init__(self):
        self._poll = uselect.poll()
        self.register = self._poll.register
        self.unregister = self._poll.unregister
        self.modify = self._poll.modify

    def poll(self, timeout_ms=-1):
        ready = self._poll.poll(_real_ms(timeout_ms))
        time.interrupt()
        return ready

    def ipoll(self, timeout_ms=-1, flags=0):
        ready = self._poll.ipoll(_real_ms(timeout_ms), flags)
        time.interrupt()
        return ready


def _real_ms(timeout_ms):
    # Rounded up: rounded down, a short wait would become a busy one.
    return timeout_ms if timeout_ms <= 0 else -int(-timeout_ms // time.speed)
