"""Rules refuse what contradicts itself, with the key and the remedy, and old rules can be read."""

from collections.abc import Callable

import msgspec
import pytest

from alerting.rules import (
    AirRule,
    AreaRules,
    BadRules,
    GroupRules,
    LevelRule,
    RainLimit,
    RainRule,
    StationRules,
    SupportRule,
    Thresholds,
)
from tests.engine_timetable import RULES, THRESHOLDS


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Thresholds(waspada=1, siaga=1, awas=2), "thresholds must rise: waspada 1 < siaga 1"),
        (lambda: LevelRule(thresholds=THRESHOLDS, hysteresis_m=-0.1), "hysteresis_m is -0.1"),
        (lambda: LevelRule(thresholds=THRESHOLDS, hold_down_ms=-1), "hold_down and early_siaga"),
        (lambda: SupportRule(samples=0), "support samples is 0; it must be 1 or more"),
        (lambda: SupportRule(step_m=0), "step_m and fresh_ms must be above 0"),
        (lambda: RainLimit(window="1h", mm=10, level=4), "level 1 to 3"),
        (lambda: RainRule(limits=(RainLimit(window="1h", mm=10, level=1),), release=0), "release and complete"),
        (lambda: AirRule(waspada=3, siaga=3, awas=4), "air categories must rise within 1..4: 3 < 3 < 4"),
        (lambda: AirRule(worsening_ugm3=-1), "worsening_ugm3 0 or more"),
        (lambda: msgspec.structs.replace(RULES, silence_after_ms=0), "silence_after and horizon must be above 0"),
        (lambda: AreaRules(area="a", version=1, stations=(), agree=1), "area a: agree must be 2"),
        (lambda: AreaRules(area="a", version=1, stations=("s",), hold_down_ms=-1), "area a: hold_down"),
        (lambda: GroupRules(group="gw", version=1, silence_after_ms=0), "group gw: silence_after must be above 0"),
    ],
)
def test_a_contradiction_is_named(make: Callable[[], object], says: str) -> None:
    """One sentence, with the key."""
    with pytest.raises(BadRules, match=says):
        make()


def test_rules_written_before_there_was_more_mean_the_same() -> None:
    """What an earlier version stored is read with the defaults, and equals the same rules made now."""
    stored = (
        b'{"station":"welang","version":3,"quantity":"level_m","level":{"thresholds":{"waspada":3.5,"siaga":4.5,'
        b'"awas":5.5},"hysteresis_m":0.1,"hold_up":2,"hold_down_ms":900000,"early_siaga_ms":2700000},'
        b'"silence_after_ms":600000,"horizon_ms":900000}'
    )
    assert RULES == msgspec.json.decode(stored, type=StationRules)
    assert RULES == msgspec.json.decode(msgspec.json.encode(RULES), type=StationRules)
