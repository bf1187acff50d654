"""From distance to level: the speed of sound, and the epoch that counts."""

import pytest

from ingest.calibrate import TEMPERATURE_AGE_MS, air_temperature, calibrated, distance_mm, speed_of_sound_m_s
from ingest.calibration import Calibration

T0 = 1_795_000_000_000
OLD = Calibration(quantity="level_m", conversion="level", datum_m=6.5)
NEW = Calibration(quantity="level_m", conversion="level", datum_m=6.6, epoch=2, since=T0, before=OLD)


def test_ten_degrees_are_one_and_two_thirds_percent() -> None:
    """83 mm at 5 m, from 25 to 35 degrees: the figure that is known of ultrasonic sensors."""
    calibration = Calibration(quantity="level_m", conversion="level", datum_m=10, sound_reference_c=25)
    assert 5000 == distance_mm(5000, calibration, 25)
    assert 1.66 == round((distance_mm(5000, calibration, 35) / 5000 - 1) * 100, 2)
    assert (5.0, 4.917) == (calibrated(5000, calibration, 25), round(calibrated(5000, calibration, 35), 3))


def test_the_speed_of_sound_is_that_of_the_tables() -> None:
    """331.3 m/s at 0 and 343.2 m/s at 20 degrees, in dry air."""
    assert (331.3, 343.2) == (speed_of_sound_m_s(0), round(speed_of_sound_m_s(20), 1))


@pytest.mark.parametrize("air_c", [None, -40.0, 85.0])
def test_without_a_plausible_temperature_nothing_is_corrected(air_c: float | None) -> None:
    """A broken thermometer must not move the water."""
    calibration = Calibration(quantity="level_m", conversion="level", datum_m=10, sound_reference_c=20)
    assert 5.0 == calibrated(5000, calibration, air_c)
    assert 5.0 == calibrated(5000, Calibration(quantity="level_m", conversion="level", datum_m=10), 35)


def test_the_epoch_in_force_at_the_reading_s_own_time_counts() -> None:
    """A backlog from before the sensor was moved is computed with the old datum."""
    assert [6.5, 6.6, 6.6] == [NEW.at(time).datum_m for time in (T0 - 1, T0, T0 + 1)]
    assert [1, 2] == [NEW.at(time).epoch for time in (T0 - 1, T0)]


def test_a_correction_from_an_earlier_date_takes_the_place_of_later_ones() -> None:
    """An epoch with a greater number counts from its own beginning, also over an epoch that began after that."""
    late = Calibration(quantity="level_m", conversion="level", datum_m=6.7, epoch=3, since=T0 - 100, before=NEW)
    assert [1, 3, 3] == [late.at(time).epoch for time in (T0 - 101, T0 - 100, T0 + 1)]


def test_before_the_first_epoch_the_first_counts() -> None:
    """There is no other."""
    only = Calibration(quantity="level_m", conversion="level", datum_m=6.5, since=T0)
    assert only.at(0) is only


def test_whose_temperature_corrects() -> None:
    """The observation's own; else the station's last, for half an hour, and never for what is older than it."""
    assert 30.0 == air_temperature(30.0, (T0, 20.0), T0)
    assert 20.0 == air_temperature(None, (T0, 20.0), T0 + TEMPERATURE_AGE_MS)
    assert air_temperature(None, (T0, 20.0), T0 + TEMPERATURE_AGE_MS + 1) is None
    assert air_temperature(None, (T0, 20.0), T0 - 1) is None
    assert air_temperature(None, None, T0) is None
