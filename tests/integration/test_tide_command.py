"""``kentongan tide`` as a hydrologist uses it: fit a record, check another, print and draw what comes."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.commands import tide
from deploy.commands.common import Refused
from ingest.history_sqlite import SqliteHistory
from ingest.readings import Reading
from ingest.tide import Constituent, TideModel, read_model, write_model
from ingest.tide_fit import DAY_MS, HOUR_MS, predict

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
# Made up for the test.
SEA = TideModel(
    constituents={
        "M2": Constituent(amplitude_m=0.45, phase_deg=320.0),
        "S2": Constituent(amplitude_m=0.2, phase_deg=10.0),
        "K1": Constituent(amplitude_m=0.4, phase_deg=290.0),
        "O1": Constituent(amplitude_m=0.2, phase_deg=270.0),
    },
    latitude=-7.64,
    mean_m=1.4,
    datum="nol papan duga",
    source="buatan",
)
SETTINGS = """
[site]
name = "Uji"
state_dir = "var"
"""
NO_FILE = ("fit", "none.csv", "--latitude", "1", "-o", "x")
Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``kentongan tide`` with these words and give what it printed."""

    def run_tide(*words: str | Path) -> str:
        parser = argparse.ArgumentParser()
        tide.add(parser)
        args = parser.parse_args([str(word) for word in words])
        assert 0 == tide.run(args)
        return capsys.readouterr().out

    return run_tide


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 days of hourly levels in centimetres and local time."""
    path = tmp_path_factory.mktemp("pasut") / "pasut.csv"
    at = range(START, START + 20 * DAY_MS, HOUR_MS)
    lines = [
        f"{datetime.fromtimestamp(time / 1000 + 7 * 3600, UTC):%d/%m/%Y %H:%M},{100 * level:.1f}"
        for time, level in zip(at, predict(SEA, at), strict=True)
    ]
    path.write_text("waktu,tinggi\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_model(tmp_path / "laut.toml", SEA)
    return tmp_path / "laut.toml"


def of_file(record: Path) -> list[str | Path]:
    columns = ["--time-column", "waktu", "--time-format", "%d/%m/%Y %H:%M", "--value-column", "tinggi"]
    return [record, *columns, "--unit", "cm", "--timezone", "Asia/Jakarta"]


def test_fit_then_check_on_what_was_left_out(run: Run, record: Path, tmp_path: Path) -> None:
    """16 days are fitted, the last four are checked and drawn."""
    file, picture = tmp_path / "pasut.toml", tmp_path / "pasut.png"
    cut = "2026-01-17T00:00Z"
    said = run("fit", *of_file(record), "--to", cut, "--latitude", "-7.64", "-o", file)
    assert "384 levels over 16.0 days; mean 1.4" in said
    assert "The record is too short to tell" in said
    assert 0.45 == pytest.approx(read_model(file).constituents["M2"].amplitude_m, abs=0.12)
    said = run("check", file, *of_file(record), "--from", cut, "--plot", picture)
    assert "96 levels: observed less predicted is" in said
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_high_and_low_water_in_local_time(run: Run, model: Path, tmp_path: Path) -> None:
    """Times of WIB, heights over the datum by name, the windows over a height, and a picture."""
    picture = tmp_path / "besok.png"
    words = ("--from", "2026-03-01T00:00+07:00", "--days", "2", "--above", "2.0", "--plot", picture)
    lines = run("predict", model, *words).splitlines()
    assert "metres over nol papan duga" == lines[0]
    turns = [line for line in lines if " high " in line or " low " in line]
    assert 4 <= len(turns) <= 9
    assert all("WIB" in line and "2026-03-0" in line for line in turns)
    assert turns[0].startswith("Sun 2026-03-01")
    assert any(line.startswith("at or over 2.00 m: ") for line in lines)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_height_that_is_never_reached(run: Run, model: Path) -> None:
    """It says never, not nothing."""
    assert "at or over 9.00 m: never" in run("predict", model, "--days", "1", "--above", "9")


def test_fit_to_a_stations_history(run: Run, tmp_path: Path) -> None:
    """Hourly means of good readings; amplitudes are those of the tide itself."""
    settings, file = tmp_path / "kentongan.toml", tmp_path / "pasut.toml"
    settings.write_text(SETTINGS)
    (tmp_path / "var").mkdir()
    history = SqliteHistory(tmp_path / "var" / "history.db")
    at = range(START, START + 16 * DAY_MS, HOUR_MS // 4)
    history.write([_reading(n, time, level) for n, (time, level) in enumerate(zip(at, predict(SEA, at), strict=True))])
    history.write([_reading(10**6, START + 5 * DAY_MS + 1, 60.0, flag=4)])
    while history.roll_up(now=START + 17 * DAY_MS):
        pass
    history.close()
    said = run("fit", "--station", "pelabuhan", "--settings", settings, "--latitude", "-7.64", "-o", file)
    assert "384 levels over 16.0 days" in said
    assert 0.1 > (read_model(file).rms_m or 1)  # a level of 60 m in one mean would leave 0.6
    with pytest.raises(Refused, match="history holds no good level_m of station 'dermaga'"):
        run("fit", "--station", "dermaga", "--settings", settings, "--latitude", "-7.64", "-o", file)


def _reading(seq: int, time: int, level: float, flag: int = 1) -> Reading:
    series = ("distance_mm", 0, "pelabuhan", "level_m")
    return Reading(seq + 1, "node-a", 1, seq, *series, time, time, time, 1.0, level, flag, None, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fit", "--latitude", "1", "-o", "x"], "give either a CSV file or --station"),
        (["fit", "none.csv", "--latitude", "1", "-o", "x"], "--unit is missing"),
        (["fit", "none.csv", "--latitude", "1", "-o", "x", "--unit", "m"], "--timezone is missing"),
        (
            ["fit", "none.csv", "--latitude", "1", "-o", "x", "--unit", "m", "--timezone", "UTC"],
            "none.csv: cannot be read",
        ),
        (["predict", "none.toml"], "none.toml: no such file; make one"),
    ],
)
def test_what_is_wrong_is_one_sentence(run: Run, words: list[str], said: str) -> None:
    """With the remedy."""
    with pytest.raises(Refused, match=said) as refused:
        run(*words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["predict", "x.toml", "--days", "0"], "not a number of days"),
        (["predict", "x.toml", "--from", "2026-03-01T00:00"], "has no offset"),
        (["predict", "x.toml", "--timezone", "WIB7"], "time zone 'WIB7' is not known"),
        (["fit", "x.csv", "-o", "x", "--latitude", "764"], "not a latitude"),
    ],
)
def test_an_argument_that_cannot_be_is_refused(
    run: Run, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is read."""
    with pytest.raises(SystemExit):
        run(*words)
    assert said in capsys.readouterr().err


def test_a_short_record_and_a_place_that_cannot_be_written(run: Run, record: Path, tmp_path: Path) -> None:
    """The reason, and nothing is left behind."""
    file = tmp_path / "pasut.toml"
    with pytest.raises(Refused, match=r"pasut\.csv: 4\.0 days of levels; at least 15 are due"):
        run("fit", *of_file(record), "--to", "2026-01-05T00:00Z", "--latitude", "-7.64", "-o", file)
    assert [] == list(tmp_path.iterdir())
    with pytest.raises(Refused, match=r"none/x\.toml: cannot be written: No such file"):
        run("fit", *of_file(record), "--latitude", "-7.64", "-o", tmp_path / "none" / "x.toml")
