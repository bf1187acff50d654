"""Who is told of a decision, and how urgently."""

from typing import Any

import msgspec
import pytest

from alerting.audience import ORDER
from alerting.episodes import Decision
from alerting.messages import NO_WAY, message
from alerting.policy import Officer, digests, is_for_officers, messages, notice_priority, priority

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


def test_a_notice_goes_by_level_then_by_distance_then_by_who_passes_it_on() -> None:
    """Officers' alerts first; a cancellation before every other text for the public; levels never mix."""
    wanted: list[tuple[Any, int, int, str]] = [
        ("cancelled", 0, 0, "head"),
        ("cancelled", 0, 90, "resident"),
        ("raised", 3, 0, "head"),
        ("raised_higher", 3, 0, "institution"),
        ("raised", 3, 0, "resident"),
        ("raised", 3, 1, "head"),
        ("raised", 3, 99, "resident"),
        ("raised", 2, 0, "head"),
        ("raised", 1, 0, "head"),
        ("ended", 0, 0, "head"),
        ("ended", 0, 0, "resident"),
    ]
    found = [notice_priority(kind, level, area=area, public_kind=who) for kind, level, area, who in wanted]  # type: ignore[arg-type]
    assert sorted(found) == found
    assert len(set(found)) == len(found)
    assert priority(other(hazard="data", level=0)) < priority(other(kind="ended", level=0)) < found[0]
    assert ("head", "institution", "resident") == ORDER


def test_who_has_no_channel_gets_a_message_that_is_dead_from_the_start() -> None:
    """It is seen, with its reason; an officer with two channels gets two."""
    officers = [
        Officer(name="Rini", address="+62***", channels=("twilio", "demo")),
        Officer(name="Joko", address="", channels=()),
    ]
    found = digests(7, officers=officers, body="x", now=2000, first_id=8)
    assert [
        ("ringkasan/7/Rini/twilio", 8, "queued", None),
        ("ringkasan/7/Rini/demo", 9, "queued", None),
        ("ringkasan/7/Joko/none", 10, "dead", NO_WAY),
    ] == [(each.key, each.id, each.state, each.reason) for each in found]


def test_a_message_that_may_not_be_sent_says_why() -> None:
    """A cap leaves a row, not a gap."""
    said: dict[str, Any] = {
        "alert": "a",
        "version": 1,
        "recipient": "p1",
        "address": "",
        "channel": "demo",
        "body": "x",
    }
    entry = message(entry_id=1, priority=300, now=5, valid_until=9, reason="Batas.", public=True, **said)
    assert ("dead", "Batas.", 5, True) == (entry.state, entry.reason, entry.settled_at, entry.public)
