"""The fleet's account of itself: latencies from the schedule, and whether it was itself the limit."""

from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim import fleet_record
from firmware_sim.fleet_plan import Load
from firmware_sim.fleet_record import Record, percentile

START_NS = 1_764_000_000_000_000_000
MS = 1_000_000


def record(late_ms: list[float], *, rate: float = 1000, cpu_s: float = 0.1, acked: int | None = None) -> Record:
    """A run in which each observation left that much after it was due."""
    load = Load(rate=rate, seconds=len(late_ms) / rate)
    sent = array("q", (START_NS + load.due_ns(n) + int(late * MS) for n, late in enumerate(late_ms)))
    stored = array("q", sent[:acked])
    stored.extend([0] * (len(sent) - len(stored)))
    return Record(
        load=load,
        nodes=["pos-000000"],
        start_ns=START_NS,
        end_ns=max(sent),
        sent=sent.tobytes(),
        acked=stored.tobytes(),
        scheduled=len(sent),
        unacknowledged=stored.count(0),
        cpu_s=cpu_s,
        wall_s=(max(sent) - START_NS) / 1e9,
    )


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], part: float) -> None:
    """Nearest rank: at least that share is at or below it, and fewer are below."""
    values.sort()
    found = percentile(values, part)
    assert sum(value <= found for value in values) >= part * len(values) - 1e-9
    assert sum(value < found for value in values) < part * len(values) + 1e-9


def test_nothing_has_no_percentile() -> None:
    """Of no latencies the figure is nought."""
    assert 0.0 == percentile([], 0.99)


def test_latency_begins_when_an_observation_was_due() -> None:
    """A pause of the generator counts as latency: what waited in it was late for whoever measured it."""
    found = record([0.0] * 50 + [float(50 - n) for n in range(50)]).latencies_ms("sent")
    assert 50.0 == pytest.approx(max(found))
    assert 50 == sum(late > 0.5 for late in found)


def test_an_observation_that_was_never_acknowledged_has_no_latency() -> None:
    """It is counted apart and never taken for a quick one."""
    made = record([1.0] * 100, acked=60)
    assert 60 == len(made.latencies_ms("acked"))
    assert 40 == made.unacknowledged
    assert "acknowledged   60 by core, 40 not" in fleet_record.summary(made)


def test_a_generator_that_kept_up_says_so() -> None:
    """Little CPU, on time: not the limit."""
    made = record([0.2] * 1000)
    assert [] == made.limits()
    assert "the generator was not the limit" in fleet_record.summary(made)


@pytest.mark.parametrize(
    ("late_ms", "cpu_s", "reason"),
    [
        ([0.2] * 1000, 0.95, "of a CPU"),
        ([0.2] * 900 + [80.0] * 100, 0.1, "ms late"),
        ([n * 0.25 for n in range(1000)], 0.1, "sent 801/s of 1000/s"),
    ],
)
def test_a_generator_that_was_the_limit_says_so(late_ms: list[float], cpu_s: float, reason: str) -> None:
    """Too busy, too late, or too slow: the verdict names which."""
    made = record(late_ms, cpu_s=cpu_s)
    assert [reason] == [reason for limit in made.limits() if reason in limit]
    assert "VERDICT        the generator was the limit" in fleet_record.summary(made)


def test_a_record_comes_back_from_its_file(tmp_path: Path) -> None:
    """Stamps and all."""
    made = record([0.2, 0.3])
    made.save(tmp_path / "record")
    assert made == fleet_record.load(tmp_path / "record")
