"""A relay on a pin, off from the first moment: what it switches must not sound because a node restarts."""

from machine import Pin


class Relay:
    def __init__(self, pin, active_low=False):
        self._active_low = active_low
        self._pin = Pin(pin, Pin.OUT, value=int(active_low))
        self.is_on = False

    def switch(self, on):
        self.is_on = bool(on)
        self._pin.value(int(self.is_on != self._active_low))
