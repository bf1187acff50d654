"""From an observation to readings with flags and a time."""

import pytest

from broker.quality_flags import Flag, worst
from broker.wire import Observation
from ingest.calibration import Calibration
from ingest.qualify import filing_time, qualify, value_flag
from ingest.quality_limits import SeriesLimits, Span, default_limits
from ingest.readings import Reading
from ingest.stations import Channel, Station

NOW = 1_795_000_000_000
LEVEL = Channel(
    calibration=Calibration(quantity="level_m", conversion="level", datum_m=6.5),
    limits=SeriesLimits(sensor=Span(30, 4500), site=Span(2.1, 6.4)),
)
RAIN = Channel(calibration=Calibration(quantity="rain_mm", conversion="rain", mm_per_tip=0.2), limits=SeriesLimits())
STATION = Station(id="welang", channels={"distance_mm": LEVEL, "rain_tips": RAIN})


def qualified(
    series: dict[str, float | None], *, t: int | None = NOW - 1000, fault: dict[str, str] | None = None
) -> list[Reading]:
    observation = Observation(v=1, boot=7, seq=1, t=t, s=series, fault=fault or {})
    time = filing_time(observation, NOW, 0)
    return qualify(observation, node="node-a", station=STATION, time=time, received_at=NOW, first_id=10)


def test_distance_becomes_level_and_tips_become_rain() -> None:
    """Raw is kept beside; ids follow each other; an undeclared series is kept under its own name."""
    level, rain, other = qualified({"distance_mm": 1000.0, "rain_tips": 3, "odd_v": 1.5})
    assert ("level_m", 5.5, 1000.0, Flag.GOOD, 10) == (level.quantity, level.value, level.raw, level.flag, level.id)
    assert ("rain_mm", 0.6, 11) == (rain.quantity, rain.value, rain.id)
    assert ("odd_v", 1.5, Flag.GOOD) == (other.quantity, other.value, other.flag)


@pytest.mark.parametrize("raw", [-1, 0, 29.9, 4500.1, 5000, 65535])
def test_outside_the_sensor_fails(raw: float) -> None:
    """The sensor cannot have measured that; the limits stand in the reason."""
    (reading,) = qualified({"distance_mm": raw})
    assert Flag.FAIL == reading.flag
    assert reading.reason == f"gross_range: raw {raw:g} outside sensor 30..4500"


def test_outside_the_site_is_suspect() -> None:
    """Possible for the sensor, implausible here."""
    (reading,) = qualified({"distance_mm": 50})
    assert (Flag.SUSPECT, "gross_range: 6.45 outside site 2.1..6.4") == (reading.flag, reading.reason)


def test_null_is_missing_with_the_nodes_own_word() -> None:
    """A failed sensor is never a number."""
    (reading,) = qualified({"distance_mm": None}, fault={"distance_mm": "no_return"})
    assert (Flag.MISSING, None, "missing: no_return") == (reading.flag, reading.value, reading.reason)


@pytest.mark.parametrize("t", [0, 946_684_800_000, NOW + 3_600_000, -5, 2**53])
def test_an_impossible_date_is_suspect_and_says_nothing_of_the_water(t: int) -> None:
    """1970, 2000, an hour ahead: filed at arrival, flagged, and the value may still warn."""
    (reading,) = qualified({"distance_mm": 1000}, t=t)
    assert (Flag.SUSPECT, NOW, t) == (reading.flag, reading.time, reading.observed_at)
    assert "impossible_date" in (reading.reason or "")
    assert Flag.GOOD == value_flag(reading)


def test_no_clock_is_filed_at_arrival_one_by_one() -> None:
    """Two observations of one millisecond do not overwrite each other."""
    observation = Observation(v=1, boot=7, seq=1, t=None, s={"distance_mm": 1.0})
    first, _ = filing_time(observation, NOW, 0)
    second, reason = filing_time(observation, NOW, first)
    assert (NOW, NOW + 1, "no_clock: filed at arrival") == (first, second, reason)


def test_the_worst_flag_wins_in_qartods_order() -> None:
    """4, 3, 1, 2, 9."""
    assert [4, 3, 1, 2, 9] == [
        worst(flags)
        for flags in ([Flag(9), Flag(4)], [Flag(3), Flag(1)], [Flag(1), Flag(2)], [Flag(2), Flag(9)], [Flag(9)])
    ]


def test_a_code_of_the_sensor_fails_and_is_named() -> None:
    """5000 mm is no distance for this sensor, though its span would hold it."""
    channel = Channel(calibration=LEVEL.calibration, limits=default_limits("level_m", "maxbotix"))
    station = Station(id="welang", channels={"distance_mm": channel})
    observation = Observation(v=1, boot=7, seq=1, t=NOW, s={"distance_mm": 5000, "pm25_ugm3": -1})
    readings = qualify(observation, node="a", station=station, time=(NOW, None), received_at=NOW, first_id=1)
    assert [
        (Flag.FAIL, "hardware_code: raw 5000 = no_return"),
        (Flag.FAIL, "hardware_code: raw -1 = comms"),
    ] == [(reading.flag, reading.reason) for reading in readings]


@pytest.mark.parametrize(
    ("series", "last_air", "level"),
    [
        ({"distance_mm": 4000, "temperature_c": 30}, None, 2.4323),
        ({"distance_mm": 4000}, (NOW - 60_000, 30.0), 2.4323),
        ({"distance_mm": 4000}, (NOW - 31 * 60_000, 30.0), 2.5),
        ({"distance_mm": 4000, "temperature_c": -1000.99}, None, 2.5),
        ({"distance_mm": 4000}, None, 2.5),
    ],
)
def test_an_ultrasonic_distance_is_corrected_by_a_temperature_that_can_be_trusted(
    series: dict[str, float | None], last_air: tuple[int, float] | None, level: float
) -> None:
    """The observation's own, else the station's last one of half an hour; never a thermometer's fault."""
    calibration = Calibration(quantity="level_m", conversion="level", datum_m=6.5, sound_reference_c=20.0)
    station = Station(id="welang", channels={"distance_mm": Channel(calibration=calibration)})
    observation = Observation(v=1, boot=7, seq=1, t=NOW, s=series)
    first, *_ = qualify(
        observation,
        node="a",
        station=station,
        time=(NOW, None),
        received_at=NOW,
        first_id=1,
        last_air=last_air,
    )
    assert pytest.approx(level, abs=0.0006) == first.value


def test_a_backlog_is_computed_with_the_calibration_of_its_own_time() -> None:
    """The sensor was moved an hour ago; what was measured before has the old datum and epoch."""
    old = Calibration(quantity="level_m", conversion="level", datum_m=6.5)
    new = Calibration(quantity="level_m", conversion="level", datum_m=7.0, epoch=2, since=NOW - 3_600_000, before=old)
    station = Station(id="welang", channels={"distance_mm": Channel(calibration=new)})
    found = []
    for time in (NOW, NOW - 7_200_000):
        observation = Observation(v=1, boot=7, seq=1, t=time, s={"distance_mm": 1000})
        found += qualify(observation, node="a", station=station, time=(time, None), received_at=NOW, first_id=1)
    assert [(6.0, 2), (5.5, 1)] == [(reading.value, reading.epoch) for reading in found]
