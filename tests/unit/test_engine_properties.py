"""What holds for the engine whatever happens: invariants I5 and I11, restarts, and one message a level."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine import StationState, moved, silence_deadline, standing, step
from alerting.episodes import Decision
from alerting.events import (
    AirIndexed,
    Event,
    Maintained,
    NeighbourMoved,
    Observed,
    RainSummed,
    ReadingRevised,
    ReadingTaken,
    RulesChanged,
    SecondTaken,
    Sums,
    Ticked,
    TideWindow,
)
from alerting.rules import AirRule, LevelRule, RainLimit, RainRule, Thresholds
from broker.quality_flags import Flag
from tests.engine_timetable import MINUTE, PLAIN, THRESHOLDS, at, play, reading

EVERYTHING = msgspec.structs.replace(
    PLAIN,
    level=LevelRule(thresholds=THRESHOLDS, high_tide=Thresholds(waspada=3.0, siaga=4.0, awas=5.0)),
    rain=RainRule(limits=(RainLimit(window="1h", mm=20, level=1), RainLimit(window="3h", mm=60, level=2))),
    air=AirRule(worsening_ugm3=50),
)
ON_SLOW_MACHINES = settings(deadline=None, max_examples=60)
FLAGS = st.sampled_from([Flag.GOOD] * 6 + [Flag.SUSPECT] * 2 + [Flag.FAIL, Flag.MISSING])
HEIGHTS = st.floats(0, 8).map(lambda value: round(value, 2))


def sums(mm: float) -> Sums:
    return Sums(mm_10min=mm / 6, mm_1h=mm, mm_3h=2 * mm, mm_6h=2 * mm, mm_24h=2 * mm)


def event_at(minute: int, kind: int, value: float, flag: int) -> Event:
    """Mostly readings; sometimes one of everything else."""
    now = at(minute)
    rare: list[Event] = [
        Ticked(now, at(-60)),
        Ticked(now, at(-60), "gw"),
        SecondTaken(now, now, value, flag),
        RainSummed(now, sums(value * 5), None if flag == Flag.FAIL else sums(value * 3)),
        NeighbourMoved(now, "dhompo", value > 4),
        ReadingRevised(at(minute - 1), now, value, flag),
        TideWindow(now, (now, now + 60 * MINUTE)),
        AirIndexed(now, index=int(value * 40), category=min(int(value), 4), complete=0.9, hour_ugm3=value * 20),
        Observed(at=now, by="Rini", value=value),
        Maintained(at=now, by="Joko", reason="kerja", until=now + 5 * MINUTE if value > 3 else None),
        RulesChanged(at=now, author="Rini"),
    ]
    return rare[kind] if kind < len(rare) else ReadingTaken(now, now + 200, value, flag)


STORIES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 45), HEIGHTS, FLAGS), min_size=1, max_size=70)


def told_story(story: list[tuple[int, int, float, int]]) -> list[Event]:
    events, minute = [], 0
    for wait, kind, value, flag in story:
        minute += wait
        events.append(event_at(minute, kind, value, flag))
    return events


@ON_SLOW_MACHINES
@given(STORIES, st.data())
def test_a_restart_at_any_event_changes_nothing(story: list[tuple[int, int, float, int]], data: st.DataObject) -> None:
    """The state through msgpack and back decides as the one that was never written (I11)."""
    events = told_story(story)
    cut = data.draw(st.integers(0, len(events)))
    state, first = play(events[:cut], EVERYTHING)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=StationState)
    assert state == restored
    _, rest = play(events[cut:], EVERYTHING, restored)
    assert play(events, EVERYTHING)[1] == first + rest


@ON_SLOW_MACHINES
@given(STORIES)
def test_a_level_goes_down_only_by_fresh_good_data_or_a_name(story: list[tuple[int, int, float, int]]) -> None:
    """Whatever else happens - silence, doubt, failure, rain, edits - no level falls (I5)."""
    state = StationState()
    for event in told_story(story):
        before = state
        state, decisions = step(state, EVERYTHING, event)
        if state.level >= before.level:
            continue
        is_good = isinstance(event, ReadingTaken | ReadingRevised) and event.flag == Flag.GOOD
        assert is_good or [d.by for d in decisions if d.hazard == "level"] == ["Rini"]
        assert any(decision.hazard == "level" for decision in decisions)


@ON_SLOW_MACHINES
@given(STORIES)
def test_every_change_of_a_level_is_a_version_with_a_cause(story: list[tuple[int, int, float, int]]) -> None:
    """Versions count up by one, kinds fit the levels, each hazard by itself, and nothing public is above its level."""
    known: dict[str, Decision] = {}
    state = StationState()
    for event in told_story(story):
        state, decisions = step(state, EVERYTHING, event)
        assert 0 <= state.public_level <= state.level
        assert state.verified_level <= state.level
        for decision in decisions:
            before = known.get(decision.hazard)
            if decision.version == 1:
                assert decision.kind == "raised"
                assert decision.episode == (before.episode + 1 if before else 1)
            else:
                assert before is not None
                assert (before.episode, before.version + 1) == (decision.episode, decision.version)
            known[decision.hazard] = decision
            restored = msgspec.json.decode(msgspec.json.encode(decision), type=Decision)
            assert decision == restored


@ON_SLOW_MACHINES
@given(STORIES)
def test_a_deadline_never_comes_twice(story: list[tuple[int, int, float, int]]) -> None:
    """After the tick at a deadline the next one is later, or there is none: nobody waits in a circle."""
    state, _ = play(told_story(story), EVERYTHING)
    for _ in range(20):
        deadline = silence_deadline(state, EVERYTHING, at(-60))
        if deadline is None:
            break
        state, _ = step(state, EVERYTHING, Ticked(deadline + 1, at(-60)))
        later = silence_deadline(state, EVERYTHING, at(-60))
        assert later is None or later > deadline
    else:
        raise AssertionError("twenty deadlines without a reading")


@ON_SLOW_MACHINES
@given(st.lists(HEIGHTS, min_size=4, max_size=40), st.randoms(use_true_random=False))
def test_order_within_the_window_hides_no_rise(values: list[float], random: object) -> None:
    """Samples of three minutes in any order, some twice: no lower a peak, and the same level once it is calm."""
    straight = [reading(minute, value) for minute, value in enumerate(values)]
    mixed: list[ReadingTaken] = []
    for first in range(0, len(straight), 3):
        block = straight[first : first + 3]
        block = block + block[:1]
        random.shuffle(block)  # type: ignore[attr-defined]
        arrived = max(each.received_at for each in block)
        mixed += [msgspec.structs.replace(each, received_at=arrived) for each in block]
    calm = [reading(len(values) + minute, 1.0) for minute in range(1, 40)]
    ends, peaks = [], []
    for events in (straight, mixed):
        state, decisions = play(events, PLAIN)
        peaks.append(max([decision.level for decision in decisions], default=0))
        ends.append(play(calm, PLAIN, state)[0].level)
    assert peaks[0] <= peaks[1]
    assert [0, 0] == ends


@ON_SLOW_MACHINES
@given(STORIES)
def test_the_same_reading_again_decides_nothing(story: list[tuple[int, int, float, int]]) -> None:
    """Each reading three times is the same story as once."""
    once = [event for event in told_story(story) if isinstance(event, ReadingTaken)]
    thrice = [event for event in once for _ in range(3)]
    assert play(once, PLAIN) == play(thrice, PLAIN)


@ON_SLOW_MACHINES
@given(st.lists(st.sampled_from([-0.01, 0.0, 0.01]), min_size=60, max_size=180), st.sampled_from([3.5, 4.5, 5.5]))
def test_dithering_is_one_message_a_level(wobble: list[float], limit: float) -> None:
    """A centimetre up and down around any threshold, in any order, for hours."""
    _, decisions = play([reading(minute, limit + each) for minute, each in enumerate(wobble)], PLAIN)
    levels = [decision.level for decision in decisions]
    assert len(levels) == len(set(levels))
    assert all(decision.kind in {"raised", "raised_higher"} for decision in decisions)


@ON_SLOW_MACHINES
@given(STORIES)
def test_what_areas_hear_of_is_what_changed(story: list[tuple[int, int, float, int]]) -> None:
    """``moved`` is silent exactly when the standing is the same."""
    state = StationState()
    for event in told_story(story):
        before = state
        state, _ = step(state, EVERYTHING, event)
        news = moved(before, state, EVERYTHING, at(0))
        old, new = standing(before, EVERYTHING, at(0)), standing(state, EVERYTHING, at(0))
        same = msgspec.structs.replace(old, value=new.value, value_at=new.value_at) == new
        assert (None if same else new) == news
