"""Who is told of a decision, and how urgently."""

from typing import Any

import msgspec
import pytest

from alerting.episodes import Decision
from alerting.policy import Officer, is_for_officers, messages, priority

RAISED = Decision(
    station="welang",
    hazard="level",
    episode=1,
    version=1,
    kind="raised",
    level=2,
    why="threshold",
    rules_version=1,
    at=1000,
    received_at=1000,
    value=4.6,
    value_at=1000,
)


def other(**changes: Any) -> Decision:
    return msgspec.structs.replace(RAISED, **changes)


@pytest.mark.parametrize(
    ("hazard", "is_told"), [("level", True), ("rain", True), ("air", True), ("data", True), ("area", False)]
)
def test_officers_are_told_of_stations_and_not_of_areas(hazard: str, is_told: bool) -> None:
    """An area's alert carries the message to the public."""
    assert is_told == is_for_officers(other(hazard=hazard))


def test_what_is_inhibited_is_told_to_nobody() -> None:
    """The alert that stands for it was told."""
    assert not is_for_officers(other(hazard="data", why="silence", inhibited_by="semua"))


def test_the_worst_goes_first() -> None:
    """AWAS of anything before SIAGA, silence after what rises, good news last."""
    expected = [
        other(hazard="air", level=3),
        other(level=2),
        other(hazard="rain", level=1),
        other(hazard="data", level=0),
        other(kind="ended", level=0),
    ]
    assert expected == sorted([*expected[::2], *expected[1::2]], key=priority)


@pytest.mark.parametrize(
    ("why", "observed_at"), [("threshold", 1000), ("operator", 1000), ("silence", None), ("all_silent", None)]
)
def test_a_latency_counts_from_what_was_observed(why: str, observed_at: int | None) -> None:
    """A silence has no reading that it could count from."""
    (entry,) = messages(
        other(why=why),
        officers=[Officer(name="Rini", address="+6281200000001", channels=("demo",))],
        body="x",
        now=2000,
        first_id=7,
    )
    assert observed_at == entry.observed_at
