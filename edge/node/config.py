"""What core may change from afar: how often to measure, and when the siren sounds without core. Checked as a whole."""

from collections import namedtuple

Config = namedtuple("Config", ("sample_s", "fast_s", "slow_s", "rising_mm", "low_mv", "siren"))
# ``for_s``: how long the horn sounds; the lamp stays until the water is below ``clear_mm`` again. Distances in mm.
SirenRule = namedtuple("SirenRule", ("series", "at_mm", "clear_mm", "for_s"))

_LIMITS = {
    "sample_s": (5, 3600),
    "fast_s": (5, 600),
    "slow_s": (5, 3600),
    "rising_mm": (5, 1000),
    "low_mv": (0, 30000),
}
_LONGEST_HORN_S = 600


class BadConfig(ValueError):
    """It cannot be obeyed; the text names the key and what it should be."""


def usual(sample_s):
    """What holds until core has said something else."""
    return Config(sample_s, min(10, sample_s), max(300, sample_s), 40, 3500, None)


def read(found, before):
    """``before`` with what ``found`` says; raises BadConfig. A key that is missing changes nothing."""
    values = [found.get(key, getattr(before, key)) for key in _LIMITS]
    for key, value in zip(_LIMITS, values):  # noqa: B905 - MicroPython has no strict
        low, high = _LIMITS[key]
        if not _is_whole(value, low, high):
            raise BadConfig("%s must be a whole number from %d to %d" % (key, low, high))
    siren = found["siren"] if "siren" in found else before.siren
    values.append(_siren(siren) if isinstance(siren, dict) else siren)
    config = Config(*values)
    if not config.fast_s <= config.sample_s <= config.slow_s:
        raise BadConfig("fast_s, sample_s and slow_s must not fall in this order")
    if not (config.siren is None or isinstance(config.siren, SirenRule)):
        raise BadConfig("siren must be null or an object with series, at_mm, clear_mm and for_s")
    return config


def _siren(found):
    rule = SirenRule(*[found.get(key) for key in ("series", "at_mm", "clear_mm", "for_s")])
    if not isinstance(rule.series, str) or not rule.series.startswith("distance_mm"):
        raise BadConfig("siren.series must be a distance_mm series")
    if not _is_whole(rule.at_mm, 0, 100000) or not _is_whole(rule.clear_mm, rule.at_mm, 100000):
        raise BadConfig("siren.at_mm must be a whole number, and siren.clear_mm not less than it")
    if not _is_whole(rule.for_s, 1, _LONGEST_HORN_S):
        raise BadConfig("siren.for_s must be a whole number from 1 to %d" % _LONGEST_HORN_S)
    return rule


def _is_whole(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
