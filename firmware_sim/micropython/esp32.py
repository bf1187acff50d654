"""The temperature inside an ESP32, which is warmer than its box: in Fahrenheit, as the chip says it."""

import world

_WARMER_C = 18


def raw_temperature():
    try:
        outside = world.truth("temperature_c")
    except KeyError:
        outside = 30  # this node has no thermometer
    return round((outside + _WARMER_C) * 9 / 5 + 32)
