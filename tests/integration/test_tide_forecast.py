"""Core's tide: made by a process of its own, kept while it lasts, and plainly absent when it cannot be made."""

import asyncio
import sys
from pathlib import Path

import pytest

from deploy.weather import tide_forecast
from deploy.weather.tide_forecast import DAYS, TideForecast
from ingest.tide import read_model
from ingest.tide_fit import predict
from ingest.tide_table import DAY_MS, next_turn

NOW = 1_795_000_000_000
MODEL = """
datum = "nol alat ukur"
source = "buatan untuk uji"
latitude = -7.64
mean_m = 1.4
[constituents]
M2 = { amplitude_m = 0.45, phase_deg = 320.0 }
K1 = { amplitude_m = 0.4, phase_deg = 290.0 }
"""


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def renewed(forecast: TideForecast) -> TideForecast:
    asyncio.run(forecast.run())
    return forecast


def test_the_tide_of_the_next_weeks(tmp_path: Path, clock: Clock) -> None:
    """Heights are the prediction's; a table that lasts is not made again."""
    file = tmp_path / "pasut.toml"
    file.write_text(MODEL)
    forecast = renewed(TideForecast(file, now=clock))
    table = forecast.table
    assert table is not None
    assert forecast.problem is None
    assert predict(read_model(file), [NOW]) == pytest.approx([table.height(NOW)], abs=0.001)
    assert table.end_ms >= NOW + (DAYS - 1) * DAY_MS
    high = next_turn(table, NOW, high=True)
    assert high is not None
    assert NOW < high.time < NOW + DAY_MS
    clock.now += 5 * DAY_MS
    assert table is renewed(forecast).table
    clock.now += 5 * DAY_MS
    assert table is not renewed(forecast).table


def test_a_broken_file_is_said_until_it_is_mended(tmp_path: Path, clock: Clock) -> None:
    """One sentence with file and key; a table that was good stays in use when its file breaks."""
    file = tmp_path / "pasut.toml"
    file.write_text(MODEL.replace("latitude = -7.64", "latitude = 764"))
    forecast = renewed(TideForecast(file, now=clock))
    assert forecast.table is None
    assert str(file) in (forecast.problem or "")
    assert "latitude" in (forecast.problem or "")
    file.write_text(MODEL)
    good = renewed(forecast).table
    assert good is not None
    assert forecast.problem is None
    file.write_text(MODEL.replace("M2", "MM2"))
    assert good is renewed(forecast).table
    assert forecast.problem == f"{file}: constituent 'MM2' is unknown; names are like M2, S2, N2, K1, O1, P1, K2, M4"


def test_a_missing_file_is_said_and_nothing_is_predicted(tmp_path: Path, clock: Clock) -> None:
    """With the command that makes one."""
    forecast = renewed(TideForecast(tmp_path / "none.toml", now=clock))
    assert forecast.table is None
    assert "no such file; make one: kentongan tide fit" in (forecast.problem or "")


def test_a_process_that_hangs_is_ended(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Core goes on and says so."""
    file = tmp_path / "pasut.toml"
    file.write_text(MODEL)
    hanging = tmp_path / "python"
    hanging.write_text("#!/bin/sh\nexec sleep 600\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(hanging))
    monkeypatch.setattr(tide_forecast, "TIMEOUT_S", 0.2)
    forecast = renewed(TideForecast(file, now=clock))
    assert forecast.table is None
    assert "no table after 0.2 s" in (forecast.problem or "")
