"""Old readings computed again from their raw values."""

from typing import Any

from broker.quality_flags import Flag
from deploy.registry.drift import GaugeRow, drifts
from deploy.registry.recompute import Summary, Temperatures, recomputed
from ingest.calibration import Calibration
from ingest.history import Point
from ingest.quality_limits import SeriesLimits, Span

T0 = 1_795_000_000_000
MINUTE = 60_000
LIMITS = SeriesLimits(site=Span(0, 6.5))
OLD = Calibration(quantity="level_m", conversion="level", datum_m=6.5)
NEW = Calibration(quantity="level_m", conversion="level", datum_m=6.6, epoch=2, since=T0 + 2 * MINUTE, before=OLD)


def point(minute: int, **changes: Any) -> Point:
    fields: dict[str, Any] = {
        "time": T0 + minute * MINUTE,
        "value": 3.5,
        "raw": 3000.0,
        "flag": 1,
        "reason": None,
        "node": "wl-01",
        "revision": 0,
        "received_at": T0,
        "epoch": 1,
    }
    return Point(**(fields | changes))


def test_only_what_the_new_epoch_covers_changes() -> None:
    """Raw and everything before the epoch stay."""
    found = list(recomputed([point(n) for n in range(4)], NEW, LIMITS, Temperatures([])))
    assert [(T0 + 2 * MINUTE, 3.6, 2), (T0 + 3 * MINUTE, 3.6, 2)] == [(c.point.time, c.value, c.epoch) for c in found]


def test_again_changes_nothing() -> None:
    """What was recomputed is as it should be; what has no raw value cannot be."""
    points = [point(2, value=3.6, epoch=2), point(3, raw=None, value=None)]
    assert [] == list(recomputed(points, NEW, LIMITS, Temperatures([])))


def test_the_flag_of_the_value_s_own_span_follows_the_value() -> None:
    """Suspect by a wrong datum becomes good with the right one; what other tests said stays."""
    outside = point(2, value=66.0, flag=3, reason="gross_range: 66 outside site 0..6.5")
    spike = point(3, flag=3, reason="spike: 1.2 over 0.3")
    found = list(recomputed([outside, spike], NEW, LIMITS, Temperatures([])))
    assert [(Flag.GOOD, None), (Flag.SUSPECT, "spike: 1.2 over 0.3")] == [(c.flag, c.reason) for c in found]


def test_the_temperature_of_then_corrects() -> None:
    """The last good one, at most half an hour old."""
    air = Temperatures([point(0, value=30.0), point(1, value=99.0, flag=4), point(40, value=20.0)])
    assert [None, 30.0, 30.0, None, 20.0] == [air.at(T0 + minute * MINUTE) for minute in (-1, 0, 30, 31, 41)]


def test_the_summary_says_how_many_and_by_how_much() -> None:
    """What a person wants to know before it is done."""
    summary = Summary()
    summary.read = 4
    for changed in recomputed([point(n) for n in range(4)], NEW, LIMITS, Temperatures([])):
        summary.add(changed)
    assert "4 readings, 2 change (2 in epoch 2) by +0.100 to +0.100, +0.100 in the mean; flags of 0" == str(summary)


def gauge(number: int, difference: float | None, epoch: int = 1) -> GaugeRow:
    sensor = None if difference is None else 3.0 + difference
    return GaugeRow(number, "welang", T0 + number, 3.0, sensor, epoch, "x", "")


def test_drift_is_the_median_with_its_sign_and_beginning() -> None:
    """One misread gauge does not move it; it began with the first of those that agree."""
    found = drifts([gauge(1, -0.02), gauge(2, 0.04), gauge(3, 0.05), gauge(4, 1.0), gauge(5, 0.05)])
    assert found is not None
    assert (0.05, T0 + 2, 5) == (found.drift_m, found.since, found.compared)


def test_no_comparison_is_no_drift() -> None:
    """Not zero: nobody has compared."""
    assert drifts([]) is None
    assert drifts([gauge(1, None)]) is None


def test_only_the_last_epoch_is_compared() -> None:
    """The sensor that hung there before is gone."""
    found = drifts([gauge(1, 0.5), gauge(2, 0.5), gauge(3, -0.01, epoch=2)])
    assert found is not None
    assert (-0.01, 1) == (found.drift_m, found.compared)
