"""Limits by quantity and sensor, and what a station may override."""

from math import inf, nan

import pytest

from broker.quality_flags import Flag
from ingest.quality import freshness, gross_range, hardware_code, sensor_fault
from ingest.quality_limits import OVERRIDES, BadLimit, SeriesLimits, Span, default_limits, overridden


@pytest.mark.parametrize(
    ("sensor", "failed", "measured"),
    [
        ("a02yyuw", [0, -1, 65535], [300, 4400]),
        ("maxbotix", [0, -1, 300, 5000, 9999, 10_000, 65535], [301, 4999]),
        ("jsn-sr04t", [0, -1, 65535], [300]),
        ("radar", [0, -1, 65535], [300, 5000, 10_000]),
        ("", [0, -1, 5000, 10_000, 65535], [300]),
        ("a sensor of tomorrow", [0, -1, 5000], [300]),
        ("logger", [], [0, -1, 300]),
    ],
)
def test_codes_belong_to_sensors(sensor: str, failed: list[float], measured: list[float]) -> None:
    """300 mm is "obstructed" for one sensor and a distance for all others; a logger's zero is water."""
    limits = default_limits("level_m", sensor)
    assert [Flag.FAIL] * len(failed) == [(hardware_code(raw, limits) or (None,))[0] for raw in failed]
    assert [] == [raw for raw in measured if hardware_code(raw, limits)]


def test_codes_of_air_sensors() -> None:
    """-1 with -1000.99: a PMS5003 and its thermometer that lost their connection."""
    found = [
        hardware_code(raw, default_limits(quantity))
        for quantity, raw in (("pm25_ugm3", -1), ("temperature_c", -1000.99))
    ]
    assert [
        (Flag.FAIL, "hardware_code: raw -1 = comms"),
        (Flag.FAIL, "hardware_code: raw -1000.99 = comms"),
    ] == found


def test_a_quantity_that_nobody_knows_is_not_tested() -> None:
    """It is kept as it is."""
    assert SeriesLimits() == default_limits("odd_v")


@pytest.mark.parametrize(("value", "factor"), [(640.0, 100), (5200.0, 1000)])
def test_a_value_in_another_unit_fails_with_the_factor(value: float, factor: int) -> None:
    """640 at a site of 0 to 6.6 m is centimetres; 7.1 is only too high."""
    limits = SeriesLimits(site=Span(0, 6.6))
    flag, reason = gross_range(value, value, limits)
    assert (Flag.FAIL, f"unit_mix_up: {value:g} is {factor} x {value / factor:g}, site 0..6.6") == (flag, reason)
    assert (Flag.SUSPECT, "gross_range: 7.1 outside site 0..6.6") == gross_range(7.1, 7.1, limits)


def test_a_node_s_own_word_is_kept() -> None:
    """Null with a fault, null without one, a number beside a fault."""
    assert (Flag.MISSING, "missing: no_return") == sensor_fault(None, "no_return")
    assert (Flag.MISSING, "missing: the node sent null") == sensor_fault(None, None)
    assert (Flag.SUSPECT, "fault: checksum") == sensor_fault(3.0, "checksum")
    assert sensor_fault(3.0, None) is None


def test_stale_is_missing() -> None:
    """A last value that only looks alive."""
    assert (Flag.GOOD, None) == freshness(1_000_000, 1_000_000 + 30 * 60_000, SeriesLimits())
    assert (Flag.MISSING, "stale: 31 min old, limit 30 min") == freshness(0, 31 * 60_000, SeriesLimits())


def test_a_station_s_own_figures_replace_the_defaults() -> None:
    """Hours and minutes as people write them."""
    limits = overridden(default_limits("level_m"), {"max_rise_per_h": 9, "gap_minutes": 90, "confirm_samples": 2})
    assert (9, 90 * 60_000, 2) == (limits.max_rise_per_h, limits.gap_ms, limits.confirm)
    assert default_limits("level_m").max_fall_per_h == limits.max_fall_per_h


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"max_rise": 3}, "'max_rise' is not a limit; write one of spike_suspect, "),
        ({"gap_minutes": 0}, "gap_minutes = 0 cannot be; write a number from 1 to 10080"),
        ({"noise": -1}, "noise = -1 cannot be; write a number at least 0"),
        ({"noise": nan}, "noise = nan cannot be; write a number at least 0"),
        ({"max_rise_per_h": inf}, "max_rise_per_h = inf cannot be; write a number at least 0"),
        ({"confirm_samples": 5}, "confirm_samples = 5 cannot be; write a number from 2 to 4"),
        ({"spike_suspect": 2}, "spike_suspect = 2 is over spike_fail = 0.5; write it lower"),
        ({"flat_suspect_hours": 200}, "flat_suspect_hours = 200 is over flat_fail_hours = 168; write it lower"),
    ],
)
def test_a_wrong_override_is_named_in_one_sentence(overrides: dict[str, float], sentence: str) -> None:
    """The key, the figure, and what to write instead."""
    with pytest.raises(BadLimit) as caught:
        overridden(default_limits("level_m"), overrides)
    assert str(caught.value).startswith(sentence)


def test_every_override_is_a_limit() -> None:
    """No key leads nowhere."""
    fields = set(SeriesLimits.__struct_fields__)
    assert [] == [key for key, (field, *_) in OVERRIDES.items() if field not in fields]
