"""Reads every sensor at one moment. A driver that fails, hangs or gives nonsense costs its own series only.

A driver is a module of ``drivers`` with a class ``Driver(config)``: ``series`` names what it measures, and
``await read()`` gives ({series: value or None}, {series: fault}). Faults: no_return, obstructed, failed, checksum,
out_of_range, comms, warming_up. A driver whose news cannot wait has ``has_news()``, which looks and does not wait.
"""

import asyncio
import gc

_READ_MS = 20000
_INFINITY = float("inf")


class Sampler:
    """All the sensors of this node."""

    def __init__(self, sensors):
        self._drivers = [make_driver(config) for config in sensors]

    def add(self, driver):
        """One that is not a sensor."""
        self._drivers.append(driver)

    def news(self):
        """The drivers that have something to tell before the next sample."""
        return [driver for driver in self._drivers if hasattr(driver, "has_news") and driver.has_news()]

    async def take(self, drivers=None):
        """One sample of everything, or of ``drivers`` only: ({series: value or None}, {series: fault})."""
        values, faults = {}, {}
        for found, failed in await asyncio.gather(*[_read(driver) for driver in drivers or self._drivers]):
            values.update(found)
            faults.update(failed)
        return values, faults


def make_driver(config):
    gc.collect()  # what compiling the last one left behind would lie scattered over the heap for good
    name = config["driver"]
    return getattr(__import__("drivers." + name), name).Driver(config)


async def _read(driver):
    try:
        values, faults = await asyncio.wait_for_ms(driver.read(), _READ_MS)
    except Exception as error:
        print("sensor of", ", ".join(driver.series), "failed:", repr(error))
        return dict.fromkeys(driver.series), dict.fromkeys(driver.series, "comms")
    for series, value in values.items():
        if value is not None and not -_INFINITY < value < _INFINITY:
            values[series] = None
            faults[series] = "out_of_range"
    return values, faults
