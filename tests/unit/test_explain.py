"""Every cause is one Indonesian sentence, from what was stored and nothing else."""

import re
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerting.episodes import Decision, Kind, Maintenance, PublicWhy, Why
from alerting.explain import why
from alerting.motion import Eta, Trend
from tests.engine_timetable import MINUTE, PLAIN, at, play, reading, series

WIB = ZoneInfo("Asia/Jakarta")
BARE = Decision(
    station="welang",
    hazard="level",
    episode=1,
    version=1,
    kind="raised",
    level=2,
    why="threshold",
    rules_version=3,
    at=at(0),
    received_at=at(0),
    value=None,
    value_at=None,
)
FULL = msgspec.structs.replace(
    BARE,
    value=4.6,
    limit=4.5,
    samples=2,
    trend=Trend(0.45, 0.4, 0.5),
    eta=Eta(at(10), at(40)),
    silent_for_ms=2 * MINUTE,
    interval_ms=MINUTE,
    value_at=at(-2),
    below_since=at(-16),
    by="Rini",
    note="cek",
    tide=(at(-60), at(60)),
    rules_changed_at=at(-5),
    support=("rain", "second"),
    maintenance=Maintenance(at(-5), at(55), "Joko", "ganti sensor", 0),
    inhibited_by="gw-barat",
    public_why="maintenance",
)


@pytest.mark.parametrize("cause", get_args(Why))
@pytest.mark.parametrize("decision", [BARE, FULL], ids=["bare", "full"])
def test_every_cause_is_one_sentence(cause: Why, decision: Decision) -> None:
    """Whatever is missing: a capital, one full stop, no Python, and no number behind Siaga."""
    for kind in get_args(Kind):
        said = why(msgspec.structs.replace(decision, why=cause, kind=kind), WIB)
        assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", said)
        assert not re.search(r"None|Level|nan|\{|\}|SIAGA \d", said)


@pytest.mark.parametrize("reason", get_args(PublicWhy))
def test_a_decision_that_is_not_public_says_why(reason: PublicWhy) -> None:
    """The officer reads what is missing before the public may know."""
    closed = why(msgspec.structs.replace(FULL, public_why=reason, public_ok=False), WIB)
    opened = why(msgspec.structs.replace(FULL, public_why=reason, public_ok=True), WIB)
    is_said = reason not in {"supported", "below_awas", "persistent", "goes_down", "not_public"}
    assert is_said == ("ke publik" in closed)
    assert "ke publik" not in opened


def test_the_officer_at_ten_past_two() -> None:
    """Why was it SIAGA: value, number of samples, limit, rules and times, in one sentence."""
    _, decisions = play([*series([4.3] * 3), reading(3, 4.55), reading(4, 4.6)], PLAIN)
    assert (
        "Pukul 23:04 muka air 4,60 m, 2 pembacaan berturut-turut pada atau di atas ambang SIAGA (4,50 m, aturan v3)."
    ) == why(decisions[-1], WIB)
    _, decisions = play([*series([4.6] * 3), *series([3.0] * 20, start=3)], PLAIN)
    assert (
        "Pukul 23:18 muka air 3,00 m, cukup lama di bawah ambang 4,50 m sejak 23:03; turun menjadi NORMAL (aturan v3)."
    ) == why(decisions[-1], WIB)


def test_it_is_made_from_what_was_stored() -> None:
    """The decision through JSON and back says the same."""
    _, decisions = play([*series([4.6] * 3), *series([3.0] * 20, start=3)], PLAIN)
    for decision in decisions:
        stored = msgspec.json.decode(msgspec.json.encode(decision), type=Decision)
        assert why(decision, WIB) == why(stored, WIB)
