"""Reads every sensor at one moment. A driver that fails, hangs or gives nonsense costs its own series only.

A driver is a module of ``drivers`` with a class ``Driver(config)``: ``series`` names what it measures, and
``await read()`` gives ({series: value or None}, {series: fault}). Faults: no_return, checksum, out_of_range, comms,
warming_up.
"""

import asyncio

_READ_MS = 20000
_INFINITY = float("inf")


class Sampler:
    """All the sensors of this node."""

    def __init__(self, sensors):
        self._drivers = [make_driver(config) for config in sensors]

    async def take(self):
        """One sample of everything: ({series: value or None}, {series: fault})."""
        values, faults = {}, {}
        for found, failed in await asyncio.gather(*[_read(driver) for driver in self._drivers]):
            values.update(found)
            faults.update(failed)
        return values, faults


def make_driver(config):
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
