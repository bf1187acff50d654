"""The policy as data: versions, quiet nights, caps, validity."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerting.policy_rules import (
    BUILT_IN,
    BadPolicy,
    Policy,
    PolicyVersion,
    checked,
    in_force,
    is_capped,
    is_pre_authorised,
    quiet_ends,
    valid_ms,
)

WIB = ZoneInfo("Asia/Jakarta")
MINUTE = 60_000


def at(hour: int, minute: int = 0, day: int = 10) -> int:
    return round(datetime(2026, 1, day, hour, minute, tzinfo=WIB).timestamp() * 1000)


def told(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).astimezone(WIB).strftime("%d %H:%M")


@pytest.mark.parametrize(
    ("hour", "minute", "ends"),
    [(20, 59, None), (21, 0, "11 05:00"), (23, 59, "11 05:00"), (0, 0, "10 05:00"), (4, 59, "10 05:00"), (5, 0, None)],
)
def test_a_night_over_midnight(hour: int, minute: int, ends: str | None) -> None:
    """WASPADA waits from 21:00 until before 05:00."""
    assert ends == told(quiet_ends(Policy(), 1, at(hour, minute), WIB))


@pytest.mark.parametrize(
    ("hours", "hour", "ends"),
    [((13, 15), 14, "10 15:00"), ((13, 15), 15, None), ((13, 15), 12, None), ((9, 9), 9, None)],
)
def test_a_quiet_time_within_a_day_and_none_at_all(hours: tuple[int, int], hour: int, ends: str | None) -> None:
    """The same moment for both ends: never quiet."""
    policy = Policy(quiet_from=hours[0] * 60, quiet_until=hours[1] * 60)
    assert ends == told(quiet_ends(policy, 1, at(hour), WIB))


@pytest.mark.parametrize("level", [2, 3])
def test_siaga_and_awas_are_never_quiet(level: int) -> None:
    """At no hour of the day."""
    assert {None} == {quiet_ends(Policy(), level, at(hour), WIB) for hour in range(24)}


@pytest.mark.parametrize(
    ("kind", "level", "minutes"),
    [
        ("raised", 3, 15),
        ("raised_higher", 2, 30),
        ("raised", 1, 30),
        ("lowered", 3, 30),
        ("ended", 0, 120),
        ("cancelled", 0, 120),
    ],
)
def test_how_long_a_text_stays_true(kind: Any, level: int, minutes: int) -> None:
    """To leave is said for a quarter of an hour, that it is over for two hours."""
    assert minutes * MINUTE == valid_ms(kind, level)


@pytest.mark.parametrize(
    ("kind", "level", "is_so"),
    [
        ("raised", 1, True),
        ("raised_higher", 2, True),
        ("raised", 3, False),
        ("ended", 0, False),
        ("cancelled", 0, False),
    ],
)
def test_what_the_days_cap_counts_for(kind: Any, level: int, is_so: bool) -> None:
    """Never for AWAS, nor for the end."""
    assert is_so == is_capped(kind, level)


def test_the_version_in_force_is_the_last_whose_time_has_come() -> None:
    """Until then what the program comes with: nothing is pre-authorised."""
    first = PolicyVersion(version=1, effective_from=100, author="a", reason="r", policy=Policy(most_a_day=3))
    later = PolicyVersion(version=2, effective_from=500, author="a", reason="r", policy=Policy(most_a_day=4))
    assert [BUILT_IN, first, first, later] == [in_force([later, first], now) for now in (99, 100, 499, 500)]
    assert [False] * 4 == [is_pre_authorised(BUILT_IN.policy, level) for level in range(4)]


def test_a_pre_authorisation_names_its_paper() -> None:
    """And is of AWAS alone."""
    with pytest.raises(BadPolicy, match="needs the paper"):
        checked(Policy(pre_authorised=("AWAS",), document=" "))
    policy = checked(Policy(pre_authorised=("AWAS",), document="SK 12/2026"))
    assert [False, False, False, True] == [is_pre_authorised(policy, level) for level in range(4)]
