"""The load generator as a person uses it, against a running installation."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.commands.simulate import GENERATOR_WAS_THE_LIMIT, INTERRUPTED, station_toml
from firmware_sim import fleet_record
from tests.installation import Installation

STATIONS = 8
RAN = (0, GENERATOR_WAS_THE_LIMIT)  # a machine that is busy with something else fails no test


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with Installation(stations="".join(station_toml(number) for number in range(STATIONS))) as made:
        made.start()
        yield made


def fleet(installation: Installation, *options: str) -> list[str]:
    command = [sys.executable, "-m", "deploy.cli", "simulate", "fleet", "--settings", str(installation.toml)]
    return [*command, *options]


def simulate(installation: Installation, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(fleet(installation, *options), capture_output=True, text=True, check=False)


def stored(installation: Installation, boot: int) -> int:
    return int(installation.rows(f"SELECT count(*) FROM readings WHERE boot = {boot}")[0][0])


@pytest.mark.parametrize("listener", [[], ["--tls"]], ids=["loopback", "tls"])
def test_what_a_fleet_publishes_is_stored(installation: Installation, tmp_path: Path, listener: list[str]) -> None:
    """Each node by its own connection and credential; the summary and the record agree with the journal."""
    path = tmp_path / "record"
    done = simulate(installation, "--rate=80", "--seconds=2", f"--record={path}", *listener)
    assert done.returncode in RAN, done.stderr
    assert "published      160 of 160 observations due, by 8 nodes" in done.stdout
    assert "acknowledged   160 by core, 0 not" in done.stdout
    record = fleet_record.load(path)
    assert 160 == stored(installation, record.load.boot)
    assert all(record.stamps("acked"))


def test_a_bad_day_loses_nothing(installation: Installation, tmp_path: Path) -> None:
    """Backlog, duplicates, garbage, wrong clocks and every connection lost twice: each observation is there once."""
    path = tmp_path / "record"
    faults = ["--duplicates=0.2", "--garbage=40", "--wrong-clocks=0.25", "--reconnects=2", "--backlog-minutes=45"]
    done = simulate(installation, "--rate=80", "--seconds=3", f"--record={path}", *faults)
    assert done.returncode in RAN, done.stderr
    record = fleet_record.load(path)
    assert 16 == record.reconnected
    assert 0 == record.unacknowledged
    assert 45 * STATIONS == record.backlog_acked
    assert 240 + 45 * STATIONS == stored(installation, record.load.boot)


def test_an_interrupted_run_gives_its_summary(installation: Installation) -> None:
    """Ctrl-C: what was published and acknowledged so far, and the exit code of an interruption."""
    with subprocess.Popen(
        fleet(installation, "--rate", "20", "--seconds", "600"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "sent 0" in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=90)
    assert INTERRUPTED == process.returncode
    assert "VERDICT" in said


def test_stations_that_are_real_are_refused() -> None:
    """A fleet invents water: it never speaks for a station that somebody relies on."""
    with Installation() as real:
        done = simulate(real)
    assert 2 == done.returncode
    assert "station welang is not an example" in done.stderr


def test_a_core_that_does_not_run_is_named(tmp_path: Path) -> None:
    """One line that says what to start."""
    with Installation(stations=station_toml(1)) as stopped:
        done = simulate(stopped)
    assert 2 == done.returncode
    assert "start it with kentongan up" in done.stderr


def test_a_story_without_room_is_refused(installation: Installation) -> None:
    """More breaches than stations: one line, nothing published."""
    done = simulate(installation, "--shape", "breaches", "--breaches", "9")
    assert 2 == done.returncode
    assert "9 breaches need as many nodes" in done.stderr
    assert 1 == len(done.stderr.strip().splitlines())


def test_stations_for_a_settings_file_are_printed() -> None:
    """As many as asked for, each of them an example."""
    argv = [sys.executable, "-m", "deploy.cli", "simulate", "stations", "3"]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "".join(station_toml(number) for number in range(3)) == printed
    assert 3 == printed.count("example = true")
