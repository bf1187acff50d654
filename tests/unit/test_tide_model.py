"""The file of harmonic constants: what is written is read again, and what is wrong is named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.tide import BadTideModel, Constituent, TideModel, read_model, write_model

MODEL = TideModel(
    constituents={
        "M2": Constituent(amplitude_m=0.66561, phase_deg=20.5),
        "2SM6": Constituent(amplitude_m=0.0026, phase_deg=272.541, inferred=True),
    },
    latitude=-7.64,
    mean_m=1.4371,
    datum='nol "papan duga"\nPelabuhan',
    source="utide, pelabuhan.csv",
    fitted_from=datetime(2026, 1, 1, tzinfo=UTC),
    fitted_to=datetime(2026, 2, 1, tzinfo=UTC),
    rms_m=0.0812,
)
GOOD = """
datum = "msl"
source = "tabel"
latitude = -7.64
mean_m = 0.0
[constituents]
M2 = { amplitude_m = 0.5, phase_deg = 10.0 }
"""


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """With quotes and line ends in its texts; nothing else is left beside it."""
    write_model(tmp_path / "model.toml", MODEL)
    assert MODEL == read_model(tmp_path / "model.toml")
    assert ["model.toml"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_written_by_hand_needs_no_record(tmp_path: Path) -> None:
    """Published constants have no residual and no dates."""
    path = tmp_path / "hand.toml"
    path.write_text(GOOD)
    model = read_model(path)
    assert (None, None, 0.0, 0.5) == (
        model.rms_m,
        model.fitted_from,
        model.clock_offset_h,
        model.constituents["M2"].amplitude_m,
    )


@pytest.mark.parametrize(
    ("was", "put", "named"),
    [
        ("latitude = -7.64\n", "", "latitude"),
        ("latitude = -7.64", "latitude = 764", "latitude"),
        ("amplitude_m = 0.5", "amplitude_m = 50", "constituents"),
        ("amplitude_m = 0.5", "amplitude_cm = 50", "amplitude"),
        ("mean_m = 0.0", "mean_m = 0.0\nmean_cm = 3", "mean_cm"),
        ("M2 = { amplitude_m = 0.5, phase_deg = 10.0 }", "", "constituents"),
        ('datum = "msl"', "datum = msl", "TOML"),
    ],
)
def test_a_fault_is_named_with_file_and_key(tmp_path: Path, was: str, put: str, named: str) -> None:
    """Missing, out of range, unknown or unreadable."""
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace(was, put))
    with pytest.raises(BadTideModel, match=r"bad\.toml") as refused:
        read_model(path)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """The remedy is a command."""
    with pytest.raises(BadTideModel, match="no such file; make one: kentongan tide fit"):
        read_model(tmp_path / "none.toml")
