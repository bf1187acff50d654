"""What the chip knows of itself, for the status: signal, room on flash, temperature, why it started.

Whatever a chip or a port does not have is None there, and nothing is guessed.
"""

import os

import machine

_CAUSES = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
_WORDS = ("power", "hard", "watchdog", "sleep", "soft")


def reset_cause():
    """power, hard, watchdog, sleep or soft; MicroPython counts a brownout as power."""
    found = machine.reset_cause()
    for name, word in zip(_CAUSES, _WORDS):  # noqa: B905 - MicroPython has no strict
        if found == getattr(machine, name, None):
            return word
    return None


def flash_free():
    """Bytes that files may still take."""
    try:
        found = os.statvfs(".")
    except OSError:
        return None
    return found[0] * found[3]


def chip_c():
    """Degrees Celsius inside the chip, some degrees off by nature."""
    try:
        import esp32
    except ImportError:
        return None
    celsius = getattr(esp32, "mcu_temperature", None)  # the ESP32 itself has only the other one, in Fahrenheit
    return celsius() if celsius else round((esp32.raw_temperature() - 32) * 5 / 9)
