"""Escalation: who is told at once, who is next, and when it stops."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.escalation import Escalation, Ranked, acknowledged, is_concerned, on_due, on_version

WAIT = 180_000
DUTY = [Ranked("rini", 1), Ranked("joko", 1), Ranked("budi", 2), Ranked("sari", 4)]
ALL = ["rini", "joko", "budi", "sari", "kepala"]


def version(known: Escalation | None, number: int, kind: Any = "raised", now: int = 0, **changes: Any) -> Any:
    said: dict[str, Any] = {"alert": "a", "level": 2, "on_duty": DUTY, "everybody": ALL, "wait_ms": WAIT} | changes
    return on_version(known, version=number, kind=kind, now=now, **said)


def due(known: Escalation, now: int, **changes: Any) -> Any:
    said: dict[str, Any] = {"on_duty": DUTY, "everybody": ALL, "wait_ms": WAIT}
    return on_due(known, now=now, **(said | changes))


def test_rank_by_rank_and_at_last_everybody() -> None:
    """The first rank at once, the next after each three minutes, ranks that nobody has are passed over."""
    state, told = version(None, 1)
    assert ("rini", "joko") == told
    steps = []
    while state.due_at is not None:
        at = state.due_at
        state, told = due(state, at)
        steps.append((at, told))
    assert [(WAIT, ("budi",)), (2 * WAIT, ("sari",)), (3 * WAIT, ("kepala",))] == steps


def test_an_acknowledgement_stops_it_and_what_rises_after_it_opens_it_again() -> None:
    """Those who know of the alert are told of every version."""
    state, _ = version(None, 1)
    state, _ = due(state, WAIT)
    state = acknowledged(state, by="Budi", now=WAIT + 1)
    assert (None, True) == (state.due_at, state.is_acknowledged)
    state, told = version(state, 2, "raised_higher", now=500_000)
    assert ("rini", "joko", "budi") == told
    assert (500_000 + WAIT, False) == (state.due_at, state.is_acknowledged)


def test_rising_higher_before_an_acknowledgement_keeps_the_deadline() -> None:
    """Who is next hears no later because it became worse, and of the worse version."""
    state, _ = version(None, 1)
    state, told = version(state, 2, "raised_higher", now=100_000)
    assert (("rini", "joko"), WAIT) == (told, state.due_at)
    state, told = due(state, WAIT)
    assert (2, ("budi",)) == (state.version, told)


@pytest.mark.parametrize("kind", ["ended", "cancelled"])
def test_the_end_is_told_to_those_who_know_and_nobody_is_next(kind: str) -> None:
    """Nothing is left to acknowledge."""
    state, _ = version(None, 1)
    state, _ = due(state, WAIT)
    state, told = version(state, 2, kind, now=WAIT + 1)
    assert (("rini", "joko", "budi"), True, None) == (told, state.is_over, state.due_at)


def test_lowered_asks_for_nothing_new_and_forgets_nothing_old() -> None:
    """An acknowledged alert stays so; one that nobody took goes on to the next."""
    state, _ = version(None, 1)
    open_one, _ = version(state, 2, "lowered", now=1000)
    taken, _ = version(acknowledged(state, by="Rini", now=500), 2, "lowered", now=1000)
    assert (WAIT, False) == (open_one.due_at, open_one.is_acknowledged)
    assert (None, True) == (taken.due_at, taken.is_acknowledged)


def test_when_everybody_is_of_the_first_rank_there_is_nobody_to_escalate_to() -> None:
    """Officers of the settings file are told at once, all of them, once."""
    duty = [Ranked("a", 1), Ranked("b", 1)]
    state, told = version(None, 1, on_duty=duty, everybody=["a", "b"])
    assert (("a", "b"), None) == (told, state.due_at)


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=6),
    st.lists(st.sampled_from(["due", "ack", "higher", "lowered"]), max_size=12),
)
def test_nobody_is_told_twice_of_a_version_and_an_open_one_reaches_everybody(
    ranks: list[int], steps: list[str]
) -> None:
    """Whatever happens in between."""
    duty = sorted((Ranked(f"o{n}", rank) for n, rank in enumerate(ranks)), key=lambda each: each.rank)
    everybody = [each.id for each in duty] + ["kepala"]
    said: dict[str, Any] = {"on_duty": duty, "everybody": everybody}
    state, told = version(None, 1, **said)
    had = {1: list(told)}
    now = 0
    for step in steps:
        now += 60_000
        told = ()
        if step == "due" and state.due_at is not None:
            now = max(now, state.due_at)
            state, told = due(state, now, **said)
        elif step == "ack":
            state = acknowledged(state, by="x", now=now)
        elif step in ("higher", "lowered"):
            kind = "raised_higher" if step == "higher" else "lowered"
            state, told = version(state, state.version + 1, kind, now=now, **said)
        had.setdefault(state.version, []).extend(told)
    while state.due_at is not None:
        state, told = due(state, state.due_at, **said)
        had[state.version].extend(told)
    assert all(len(names) == len(set(names)) for names in had.values())
    if not state.is_acknowledged:
        assert set(everybody) == set(state.told)


@pytest.mark.parametrize(
    ("own", "places", "is_so"),
    [
        ([], ["35.75.01.1001"], True),
        (["35.75.01"], ["35.75.01.1001"], True),
        (["35.75.01.1001/RW03"], ["35.75.01.1001"], True),
        (["35.75.02"], ["35.75.01.1001"], False),
        (["35.75.01.1001"], ["35.75.01.10011"], False),
        (["35.75.02"], ["35.75.01.1001", "35.75.02.1001"], True),
        (["35.75.02"], [], True),
    ],
)
def test_whom_a_place_concerns(own: list[str], places: list[str], is_so: bool) -> None:
    """An officer of a part of the city hears of that part; everybody hears of what has no place."""
    assert is_so == is_concerned(own, places)
