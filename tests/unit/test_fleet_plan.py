"""What a fleet publishes and when, without publishing it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker import wire
from firmware_sim.fleet_plan import BREACH_MM, WRONG_CLOCKS, Load, LoadRefused, Shape, distance_mm, story
from firmware_sim.fleet_script import GARBAGE, Script

START_MS = 1_764_000_000_000


def observed(script: Script, number: int) -> wire.Observation:
    (observation,) = wire.decode_observations(script.observation(number))
    return observation


@given(
    nodes=st.integers(1, 60),
    rounds=st.integers(3, 12),
    share=st.floats(0, 1),
    wrong=st.floats(0, 1),
    shape=st.sampled_from(["breaches", "storm"]),
)
def test_every_breach_is_complete_in_the_run(nodes: int, rounds: int, share: float, wrong: float, shape: Shape) -> None:
    """Each of as many nodes with good clocks breaches once, with two samples in a row, the second one in the run."""
    good = nodes - round(wrong * nodes)
    breaches = int(share * good)
    load = Load(
        rate=nodes * 2, seconds=rounds / 2, shape=shape, breaches=breaches, wrong_clocks=wrong, backlog_minutes=0
    )
    found = story(load, nodes)
    assert breaches == len(found)
    script = Script(load, nodes)
    for node, number in found.items():
        assert node == number % nodes < good
        assert nodes <= number < load.total
        distances = [observed(script, n).s["distance_mm"] for n in range(node, load.total, nodes)]
        assert [BREACH_MM] * (rounds - number // nodes + 1) == distances[number // nodes - 1 :]
        assert BREACH_MM not in distances[: number // nodes - 1]


def test_a_storm_is_over_in_a_second() -> None:
    """All the breaches of a storm are due within one second; those of the other shape are spread over the run."""
    spread = {}
    shapes: tuple[Shape, ...] = ("storm", "breaches")
    for shape in shapes:
        load = Load(rate=1000, seconds=30, shape=shape, breaches=500)
        due = [load.due_ns(number) / 1e9 for number in story(load, 1000).values()]
        spread[shape] = max(due) - min(due)
    assert 1.0 >= spread["storm"]
    assert 15.0 < spread["breaches"]


def test_a_calm_river_never_breaches() -> None:
    """The shape calm has no story, whatever number of breaches it is given."""
    assert {} == story(Load(rate=10, seconds=10, shape="calm", breaches=5), 10)
    assert all(distance_mm(node, seq, breach_seq=None) > BREACH_MM for node in range(200) for seq in range(200))


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (Load(rate=10, seconds=10, shape="breaches", breaches=11), "there are 10"),
        (Load(rate=10, seconds=10, shape="breaches", breaches=6, wrong_clocks=0.5), "there are 5"),
        (Load(rate=10, seconds=2, shape="breaches", breaches=1), "need 3 s"),
    ],
)
def test_a_load_without_room_for_its_story_is_refused(load: Load, reason: str) -> None:
    """The sentence says what is too much or too short."""
    with pytest.raises(LoadRefused, match=reason):
        story(load, 10)


def test_times_are_those_of_the_schedule() -> None:
    """An observation says when it was due, to the millisecond; a wrong clock says something else."""
    script = Script(Load(rate=8, seconds=10, wrong_clocks=3 / 4), 4)
    script.start_ms = START_MS
    assert START_MS + 500 == observed(script, 4).t
    assert sorted(map(str, WRONG_CLOCKS)) == sorted(str(observed(script, 4 + n).t) for n in (1, 2, 3))


def test_stored_observations_come_before_those_of_the_run() -> None:
    """One a minute up to the start, in arrays, with the first sequence numbers; then nothing more."""
    script = Script(Load(rate=2, seconds=10, backlog_minutes=30), 2)
    script.start_ms = START_MS
    found: list[wire.Observation] = []
    following = 0
    while (made := script.stored(1, following))[0]:
        payload, following = made
        found += wire.decode_observations(payload)
    assert list(range(30)) == [each.seq for each in found]
    assert [START_MS - minutes * 60_000 for minutes in range(30, 0, -1)] == [each.t for each in found]
    assert 30 == observed(script, 1).seq
    assert 1 == script.number(1, 30)


def test_an_observation_sent_again_is_the_same() -> None:
    """Not one byte differs, or the journal would hold something that was never measured."""
    script = Script(Load(rate=2, seconds=10), 2)
    script.start_ms = START_MS
    assert script.observation(7) == script.observation(7)


@pytest.mark.parametrize("payload", GARBAGE)
def test_garbage_is_garbage(payload: bytes) -> None:
    """Nothing of it is ever taken for an observation."""
    with pytest.raises(wire.BadPayload):
        wire.decode_observations(payload)


def test_a_load_survives_its_record() -> None:
    """What was asked for stands beside what was done."""
    load = Load(rate=2.5, seconds=10, shape="storm", breaches=2, boot=4_000_000_000)
    assert load == msgspec.msgpack.decode(msgspec.msgpack.encode(load), type=Load)
