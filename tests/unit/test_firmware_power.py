"""A node's power budget: the sums, what each mode changes, and refusals."""

import re

import pytest

from deploy.commands.common import Refused
from deploy.nodes import power as node_power
from deploy.nodes.power import DRAWS, MODES, Draw, days, mah_a_day, parts, table
from tests.firmware_interpreter import FIRMWARE


def test_a_day_of_a_constant_current() -> None:
    """1 mA is 24 mAh a day; at 5 V it is more from a 3.7 V cell, by the voltages and the converter's loss."""
    steady = Draw(name="one", idle_ma=1, source="")
    assert 24 == mah_a_day([steady], MODES[0])
    higher = Draw(name="one", idle_ma=1, volts=5, source="")
    assert mah_a_day([higher], MODES[0]) == pytest.approx(24 * 5 / 3.7 / 0.85)


def test_work_counts_by_its_share() -> None:
    """6 s of 10 mA in each minute is a tenth of 10 mA; work that never ends is all of it and no more."""
    busy = Draw(name="busy", idle_ma=0, busy_ma=10, busy_s=6, source="")
    assert [24.0, 24 * 6.0, 24 * 0.2] == [pytest.approx(mah_a_day([busy], mode)) for mode in MODES]
    assert 10 == Draw(name="always", idle_ma=0, busy_ma=10, busy_s=99, source="").battery_ma(10)


def test_every_driver_has_a_figure() -> None:
    """Whoever adds a driver says what it takes; the relay switches what has a supply of its own."""
    drivers = {path.stem for path in (FIRMWARE / "drivers").glob("*.py")}
    assert drivers - {"relay"} == set(DRAWS)
    assert all(draw.source for draw in DRAWS.values())


def test_the_table_adds_up() -> None:
    """The rows together are the sum that is printed, and the days are those of the usable battery."""
    lines = list(table(["a02yyuw", "battery"], 10_000))
    numbers = {line[:30].strip(): [float(n) for n in re.findall(r"[\d.]+", line[30:72])] for line in lines[1:7]}
    total = numbers.pop("together")
    left = numbers.pop("days without sun")
    for column in range(3):
        assert sum(row[column] for row in numbers.values()) == pytest.approx(total[column], abs=1)
        assert left[column] == pytest.approx(days(10_000, total[column]), abs=0.1)
    assert total[2] < total[0] < total[1]
    assert left[0] == pytest.approx(0.8 * 10_000 / total[0], abs=0.1)


def test_refusals_name_the_option() -> None:
    """A sensor without a figure, and a battery of nothing."""
    with pytest.raises(Refused, match="--sensors lidar: there is no such driver; there is a02yyuw,"):
        parts(["a02yyuw", "lidar"])
    with pytest.raises(Refused, match="--battery-mah 0"):
        list(table(node_power.USUAL_SENSORS, 0))
