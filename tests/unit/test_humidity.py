"""PM2.5 of a low-cost sensor in humid air."""

import pytest

from ingest.humidity import UNCORRECTED, VERSION, corrected


def test_the_formula_and_what_it_came_from() -> None:
    """0.524 * 60 - 0.0862 * 80 + 5.75; raw, humidity and version stay beside the value."""
    found = corrected(60.0, 80.0, 48.0)
    assert found is not None
    assert 30.294 == pytest.approx(found.value_ugm3)
    assert (60.0, 80.0, VERSION) == (found.raw_ugm3, found.humidity_pct, found.correction)
    assert UNCORRECTED not in found.label


def test_it_is_never_below_zero() -> None:
    """Clean and humid air would come out negative."""
    found = corrected(1.0, 95.0, 1.0)
    assert found is not None
    assert (0.0, 1.0) == (found.value_ugm3, found.raw_ugm3)


@pytest.mark.parametrize("humidity", [None, -0.1, 100.1, 1000.99])
def test_without_humidity_nothing_is_corrected_and_it_says_so(humidity: float | None) -> None:
    """The sensor's own value for ambient air stands, labelled."""
    found = corrected(60.0, humidity, 48.0)
    assert found is not None
    assert (48.0, 48.0, None, UNCORRECTED) == (found.value_ugm3, found.raw_ugm3, found.correction, found.label)


def test_beyond_the_formula_nothing_is_corrected() -> None:
    """The line was fitted to less than 570 ug/m3; in thick smoke the sensor's own value is the safer one."""
    last, beyond = corrected(569.0, 50.0, 400.0), corrected(570.0, 50.0, 400.0)
    assert last is not None
    assert beyond is not None
    assert (VERSION, None, 400.0) == (last.correction, beyond.correction, beyond.value_ugm3)


def test_a_sensor_with_one_value_is_taken_by_it() -> None:
    """Only CF=1, only ambient, or nothing at all."""
    only_cf1, only_ambient = corrected(60.0, None, None), corrected(None, 80.0, 48.0)
    assert only_cf1 is not None
    assert only_ambient is not None
    assert (60.0, 48.0) == (only_cf1.value_ugm3, only_ambient.value_ugm3)
    assert corrected(None, 80.0, None) is None
