"""Quality control against the specimens, as ``kentongan quality score`` prints it; a few seeds for each bound."""

from pathlib import Path

import numpy as np
import pytest

from broker.quality_flags import Flag
from deploy.cli import main
from deploy.quality.score import judge, score
from firmware_sim.faults import MAKERS, specimen

SOUND = [name for name in MAKERS if specimen(name, 0).is_sound]
SEEDS = range(100, 103)  # not those that the limits were looked at with


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_series_is_left_alone(name: str) -> None:
    """At most one sample in a thousand ends with a flag, and none fails."""
    found = score(name, SEEDS)
    assert 0 == found.failed_sound
    assert found.flagged <= found.samples / 1000


@pytest.mark.parametrize("name", [name for name in SOUND if "flood" in name or "front" in name])
def test_a_flood_is_confirmed_within_three_samples(name: str) -> None:
    """No run of doubt while it rises is longer than the samples that confirm it, plus a noisy one or two."""
    for seed in SEEDS:
        doubted = judge(specimen(name, seed)).live == Flag.SUSPECT
        edges = np.flatnonzero(np.diff(np.concatenate(([0], doubted.astype(np.int8), [0]))))
        assert max(edges[1::2] - edges[::2], default=0) <= 5


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [
        ("spike", 0.98, 0.98),
        ("box", 0.98, 0.98),
        ("false echoes", 0.95, 0.95),
        ("obstructed", 0.98, 0.98),
        ("no return", 0.98, 0.98),
        ("comms fault", 0.98, 0.98),
        ("unit mix-up", 0.98, 0.98),
        ("stuck", 0.98, 0.6),
        ("clogged gauge", 0.9, 0.9),
        ("stuck reed", 0.98, 0.7),
        ("PM stuck at 0", 0.98, 0.7),
        ("PM comms fault", 0.98, 0.98),
        ("one-minute spike", 0.98, 0.98),
        ("condensed", 0.98, 0.3),
    ],
)
def test_a_fault_is_found(name: str, precision: float, recall: float) -> None:
    """Lasting faults are found after the time that their test needs, short ones of them not at all."""
    found = score(name, SEEDS)
    assert found.precision is not None
    assert found.recall is not None
    assert found.precision >= precision
    assert found.recall >= recall
    assert found.found >= 0.8 * found.episodes


def test_a_specimen_is_the_same_each_time() -> None:
    """Its seed is all there is."""
    one, other = specimen("spike", 5), specimen("spike", 5)
    assert (one.raw.tolist(), one.wrong.tolist()) == (other.raw.tolist(), other.wrong.tolist())


def test_the_command_prints_a_table_and_draws_the_worst(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a fault, and a PNG."""
    picture = tmp_path / "worst.png"
    assert 0 == main(["quality", "score", "--seeds", "1", "--only", "spike", "--plot", str(picture)])
    lines = capsys.readouterr().out.splitlines()
    assert ["fault", "spike", "one-minute spike"] == [line.split("  ")[0].strip() for line in lines[:3]]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "0"], "--seeds 0: write a number from 1 to 1000"),
        (["--only", "ghost"], "--only 'ghost' is in no kind of series; there is calm, "),
        (["--plot", "worst.svg"], "--plot worst.svg: write a file name that ends with .png"),
        (["--plot", "nowhere/worst.png"], "--plot nowhere/worst.png: the folder nowhere is not there; make it first"),
    ],
)
def test_a_wrong_option_is_refused_in_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is computed."""
    assert 2 == main(["quality", "score", *words])
    assert sentence in capsys.readouterr().err
