"""Observations whose dates cannot be true: those that come as they were measured are of now, a queue is not."""

from collections.abc import Iterable

import pytest

from ingest.pace import Pace, heard

NOW = 1_795_000_000_000
AHEAD = 3_600_000  # by so much the node's clock is ahead of core's
HOUR = 3_600_000

Arrivals = Iterable[tuple[float, float]]  # seconds: by the node's clock, and by core's


def follow(arrivals: Arrivals, *, known: Pace | None = None, last_arrival: int = 0) -> tuple[Pace | None, list[bool]]:
    found: list[bool] = []
    for measured, received in arrivals:
        at = NOW + int(received * 1000)
        known, live = heard(known, NOW + AHEAD + int(measured * 1000), received_at=at, last_arrival=last_arrival)
        found.append(live)
        last_arrival = at
    return known, found


def at_pace(spacing: float, count: int, *, first: float = 0, jitter: float = 0.0) -> list[tuple[float, float]]:
    """Each some tenths of a second on its way, now more and now less."""
    return [(first + n * spacing, first + n * spacing + 0.3 + jitter * (n % 2)) for n in range(count)]


@pytest.mark.parametrize("spacing", [1, 3, 6, 60, 1800])
def test_the_second_sample_in_live_order_is_of_now(spacing: float) -> None:
    """However often a node measures; the first after a step of core's clock came before the last, by that clock."""
    _, live = follow(at_pace(spacing, 10), last_arrival=NOW + HOUR)
    assert [False] + [True] * 9 == live


def test_a_radio_that_brings_some_late_does_not_matter() -> None:
    """Once it is known how old the samples of now look."""
    _, live = follow(at_pace(1, 20, jitter=0.7), last_arrival=NOW + HOUR)
    assert [True] * 17 == live[3:]


@pytest.mark.parametrize(
    "arrivals",
    [
        [(n, 3600 + n / 100) for n in range(3600)],
        [(n, 3600 + n / 10) for n in range(3600)],
        [(3 * n, 3600 + n / 2) for n in range(1200)],
        [(60 * n, 3600 + 4 * n) for n in range(60)],
    ],
    ids=["a hundred a second", "ten a second", "two a second of one in three", "one in four seconds of one a minute"],
)
def test_a_queue_is_not_of_now(arrivals: list[tuple[float, float]]) -> None:
    """Not its first either, when it is known how old the samples of now looked before."""
    known, live = follow(at_pace(6, 5, first=-60))
    assert live[1:] == [True] * 4
    _, live = follow(arrivals, known=known, last_arrival=NOW)
    assert not any(live[: len(live) * 9 // 10 - 30])


def test_a_queue_that_stops_for_a_moment_is_a_queue() -> None:
    """The link hangs for a second between two samples that were measured a second apart."""
    known, _ = follow(at_pace(1, 30, first=-60))
    queue = [(n, 3600 + n / 10 + n // 10) for n in range(1800)]
    _, live = follow(queue, known=known, last_arrival=NOW)
    assert not any(live)


def test_what_overtakes_a_queue_is_of_now_and_the_queue_is_not() -> None:
    """The newest sample goes first, then one of the queue, and so on."""
    known, _ = follow(at_pace(1, 30, first=-60))
    mixed = [each for n in range(60) for each in ((3600 + n, 3600.3 + n), (n, 3600.5 + n))]
    _, live = follow(mixed, known=known, last_arrival=NOW)
    assert [True, False] * 60 == live


@pytest.mark.parametrize("step", [-HOUR, HOUR, 20_000])
def test_a_clock_that_is_set_again_costs_three_samples_at_most(step: int) -> None:
    """Core's or the node's, in either direction: what comes at its own pace is believed against what was known."""
    known, _ = follow(at_pace(1, 30, first=-60))
    moved = [(measured, received + step / 1000) for measured, received in at_pace(1, 10)]
    _, live = follow(moved, known=known, last_arrival=NOW)
    assert [True] * 6 == live[4:]


def test_without_any_time_only_the_distance_tells() -> None:
    """And nothing is remembered of a time that was never said."""
    assert (None, True) == heard(None, None, received_at=NOW, last_arrival=NOW - 60_000)
    assert (None, False) == heard(Pace(NOW, NOW), None, received_at=NOW, last_arrival=NOW - 10)
