"""The engine as a timetable: what comes at minute t, and what is decided."""

import itertools
from collections.abc import Iterable
from datetime import UTC

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import explain
from alerting.engine import Decision, ReadingTaken, StationState, Ticked, silence_deadline, step
from alerting.rules import BadRules, LevelRule, StationRules, Thresholds
from broker.quality_flags import Flag

T0 = 1_764_000_000_000
MINUTE = 60_000
THRESHOLDS = Thresholds(waspada=3.5, siaga=4.5, awas=5.5)
RULES = StationRules(station="welang", version=3, quantity="level_m", level=LevelRule(thresholds=THRESHOLDS))
PLAIN = msgspec.structs.replace(
    RULES, level=LevelRule(thresholds=THRESHOLDS, early_siaga_ms=0, hold_up=2, hold_down_ms=15 * MINUTE)
)


def reading(minute: float, value: float | None, *, flag: int = Flag.GOOD, live: bool = True) -> ReadingTaken:
    time = T0 + int(minute * MINUTE)
    return ReadingTaken(time, time + 200, value, flag, live)


def play(
    events: Iterable[ReadingTaken | Ticked], rules: StationRules = PLAIN, state: StationState | None = None
) -> tuple[StationState, list[Decision]]:
    state = state or StationState()
    decisions: list[Decision] = []
    for event in events:
        state, made = step(state, rules, event)
        decisions += made
    return state, decisions


def told(decisions: list[Decision]) -> list[tuple[str, int, int]]:
    return [(decision.kind, decision.level, round((decision.at - T0) / MINUTE)) for decision in decisions]


def test_a_flood_is_told_once_a_level_up_and_down() -> None:
    """Up after two samples at once, down one level at a time after the hold."""
    up = [reading(m, 3.0 + 0.1 * m) for m in range(31)]
    down = [reading(30 + m, 6.0 - 0.1 * m) for m in range(1, 61)]
    _, decisions = play([*up, *down])
    expected = [("raised", 1, 6), ("raised_higher", 2, 16), ("raised_higher", 3, 26)]
    assert expected == told(decisions)[:3]
    assert [("lowered", 2), ("lowered", 1), ("ended", 0)] == [(kind, level) for kind, level, _ in told(decisions)[3:]]
    assert [1, 2, 3, 4, 5, 6] == [decision.version for decision in decisions]
    assert {1} == {decision.episode for decision in decisions}


RIVER = (3.00, 3.02, 3.01, 3.10, 3.40, 3.80, 4.20, 4.60, 5.00, 5.40, 5.80)


def test_where_samples_are_far_apart_a_sure_rise_needs_no_second_one() -> None:
    """Every 15 minutes: officers are told at the sample that is over the limit, not a quarter of an hour later."""
    _, decisions = play([reading(15 * n, value) for n, value in enumerate(RIVER)])
    assert [("raised", 1, 75), ("raised_higher", 2, 105), ("raised_higher", 3, 150)] == told(decisions)
    assert (1, (5.80,)) == (decisions[-1].samples, decisions[-1].values)
    why = explain.why(decisions[-1], UTC, str)
    assert "muka air 5,80 m pada atau di atas ambang AWAS (5,50 m, aturan v3), naik 160 cm/jam" in why
    assert "satu pembacaan cukup karena stasiun ini hanya mengukur tiap 15 menit" in why


@pytest.mark.parametrize(
    ("minutes", "values"),
    [
        (15, (3.00, 3.02, 3.01, 3.00, 3.02, 3.01, 3.02, 3.03, 5.80)),
        (15, (3.00, 3.02, 3.01, 3.02, 3.40, 3.10, 3.60)),
        (1, RIVER),
    ],
)
def test_one_sample_is_not_enough_without_a_sure_and_slow_rise(minutes: int, values: tuple[float, ...]) -> None:
    """A leap out of calm water, water that fell between, samples that come every minute: the second one is awaited."""
    events = [reading(minutes * n, value) for n, value in enumerate(values)]
    highest = max(index for index, value in enumerate(values) if value == max(values))
    before, _ = play(events[:highest])
    after, _ = play(events[: highest + 1])
    raised, _ = play([*events[: highest + 1], reading(minutes * (highest + 1), max(values))])
    assert before.level == after.level < raised.level


def test_siaga_comes_early_at_the_sample_that_brings_waspada() -> None:
    """AWAS may be near when WASPADA is reached: the trend is not looked at a sample later only."""
    rules = msgspec.structs.replace(RULES, level=LevelRule(thresholds=THRESHOLDS, early_siaga_ms=45 * MINUTE))
    _, decisions = play([reading(m, 3.0 + 0.1 * m) for m in range(8)], rules)
    assert [("raised", 2, 6)] == told(decisions)
    assert "trend" == decisions[0].why


def test_one_spike_above_awas_warns_nobody() -> None:
    """A single sample is never enough."""
    _, decisions = play([reading(0, 3.0), reading(1, 5.9), reading(2, 3.0), reading(3, 3.0)])
    assert [] == decisions


def test_a_jump_to_awas_is_awas_at_the_second_sample() -> None:
    """A flash flood skips levels."""
    _, decisions = play([reading(0, 3.0), reading(1, 5.9), reading(2, 5.95)])
    assert [("raised", 3, 2)] == told(decisions)


def test_dithering_around_a_threshold_gives_one_message() -> None:
    """A centimetre up and down for two hours is one level, told once."""
    _, decisions = play([reading(m, 3.5 + (0.01 if m % 3 else -0.01)) for m in range(120)])
    assert [("raised", 1)] == [(kind, level) for kind, level, _ in told(decisions)]


def test_siaga_comes_early_when_awas_is_near() -> None:
    """At WASPADA, rising 3 m an hour, AWAS is half an hour off: SIAGA before its threshold."""
    _, decisions = play([reading(m, 3.2 + 0.05 * m) for m in range(20)], RULES)
    early = next(decision for decision in decisions if decision.level == 2)
    assert "trend" == early.why
    assert early.value is not None
    assert early.value < 4.5
    assert early.eta is not None


def test_early_siaga_is_not_taken_back_while_the_rise_goes_on() -> None:
    """No flapping between WASPADA and an early SIAGA."""
    _, decisions = play([reading(m, 3.2 + 0.03 * m + (0.004 if m % 2 else 0)) for m in range(60)], RULES)
    assert [("raised", 1, "threshold"), ("raised_higher", 2, "trend")] == [(d.kind, d.level, d.why) for d in decisions]


def test_an_early_siaga_is_kept_while_the_rise_slows_but_goes_on() -> None:
    """Raised on a steep rise, which then flattens below SIAGA's threshold: it is not taken back while water rises."""
    steep = [reading(m, 3.4 + 0.05 * m) for m in range(10)]
    gentle = [reading(10 + m, 3.9 + 0.005 * m) for m in range(60)]
    _, decisions = play([*steep, *gentle], RULES)
    assert [("raised", 1), ("raised_higher", 2)] == [(d.kind, d.level) for d in decisions]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (reading(30, None, flag=Flag.MISSING), "missing"),
        (reading(30, 2.0, flag=Flag.SUSPECT), "suspect"),
        (reading(30, 2.0, flag=Flag.FAIL), "failed"),
        (reading(30, 2.0, live=False), "backlog"),
        (ReadingTaken(T0 + 60 * MINUTE, T0 + 30 * MINUTE, 2.0, Flag.GOOD), "from the future"),
        (ReadingTaken(T0 + 10 * MINUTE, T0 + 30 * MINUTE, 2.0, Flag.GOOD), "older than the horizon"),
    ],
)
def test_nothing_but_fresh_good_data_changes_a_level(bad: ReadingTaken, why: str) -> None:
    """Bad, late or impossible readings neither raise nor lower."""
    at_awas, _ = play([reading(m, 6.0) for m in range(3)])
    after, decisions = play([bad] * 50, state=at_awas)
    assert (3, []) == (after.level, decisions), why
    calm, _ = play([reading(m, 2.0) for m in range(3)])
    high = ReadingTaken(bad.time, bad.received_at, 6.0 if bad.value else None, bad.flag, bad.is_live)
    assert [] == play([high] * 50, state=calm)[1], why


def test_silence_at_awas_keeps_awas_and_is_told_once() -> None:
    """A sensor torn away at the crest: no AMAN, one alarm, and the level is still there when it speaks again."""
    state, _ = play([reading(m, 6.0) for m in range(3)])
    ticks = [Ticked(T0 + m * MINUTE, T0) for m in range(3, 60)]
    state, decisions = play(ticks, state=state)
    assert [("data", "raised", 3)] == [(d.hazard, d.kind, d.level) for d in decisions]
    assert 3 == state.level
    deadline = T0 + 2 * MINUTE + 200 + PLAIN.silence_after_ms
    assert MINUTE > decisions[0].at - deadline > 0
    state, decisions = play([reading(61, 2.0)], state=state)
    assert [("data", "ended")] == [(d.hazard, d.kind) for d in decisions]
    assert 3 == state.level
    _, decisions = play([reading(61 + m, 2.0) for m in range(1, 30)], state=state)
    assert [("level", "ended", 0)] == [(d.hazard, d.kind, d.level) for d in decisions]


def test_silence_counts_from_when_core_could_listen() -> None:
    """After a restart nobody is called silent before he could have been heard."""
    state, _ = play([reading(0, 2.0)])
    restarted = T0 + 60 * MINUTE
    assert restarted + PLAIN.silence_after_ms == silence_deadline(state, PLAIN, restarted)
    assert [] == play([Ticked(restarted + PLAIN.silence_after_ms, restarted)], state=state)[1]
    assert 1 == len(play([Ticked(restarted + PLAIN.silence_after_ms + 1, restarted)], state=state)[1])


def test_without_thresholds_only_silence_is_watched() -> None:
    """BELUM DITETAPKAN never raises a level, however high the water."""
    rules = msgspec.structs.replace(PLAIN, level=None)
    state, decisions = play([reading(m, 9.0) for m in range(10)], rules)
    assert [] == decisions
    assert 1 == len(play([Ticked(T0 + 60 * MINUTE, T0)], rules, state)[1])


@given(st.lists(st.floats(0, 8), min_size=1, max_size=60), st.randoms())
def test_duplicates_decide_nothing_more(values: list[float], random: object) -> None:
    """Each reading twice or three times is the same story as once."""
    once = [reading(m, round(v, 3)) for m, v in enumerate(values)]
    often = list(itertools.chain.from_iterable([event] * random.choice((1, 2, 3)) for event in once))  # type: ignore[attr-defined]
    assert play(once) == play(often)


@given(st.lists(st.floats(0, 8), min_size=1, max_size=80))
def test_versions_and_levels_are_consistent(values: list[float]) -> None:
    """Versions count up by one, kinds fit the levels, and an episode ends at NORMAL."""
    _, decisions = play([reading(m, v) for m, v in enumerate(values)], RULES)
    level, version, episode = 0, 0, 0
    for decision in decisions:
        if decision.kind == "raised":
            assert (0, episode + 1, 1) == (level, decision.episode, decision.version)
        else:
            assert (episode, version + 1) == (decision.episode, decision.version)
            assert (decision.level > level) == (decision.kind == "raised_higher")
            assert (decision.level == 0) == (decision.kind == "ended")
        level, version, episode = decision.level, decision.version, decision.episode


@given(st.lists(st.floats(0, 8), min_size=2, max_size=60), st.integers(0, 59))
def test_a_restart_changes_nothing(values: list[float], at: int) -> None:
    """The state through msgpack and back goes on exactly as before."""
    events = [reading(m, v) for m, v in enumerate(values)]
    state, first = play(events[:at], RULES)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=StationState)
    assert state == restored
    _, rest = play(events[at:], RULES, restored)
    assert play(events, RULES)[1] == first + rest


def test_rules_that_contradict_themselves_are_refused() -> None:
    """Thresholds out of order name both the key and the order."""
    with pytest.raises(BadRules, match=r"thresholds must rise: waspada 4.5 < siaga 3.5"):
        Thresholds(waspada=4.5, siaga=3.5, awas=5.5)
    with pytest.raises(BadRules, match="hold_up"):
        LevelRule(thresholds=THRESHOLDS, hold_up=0)
