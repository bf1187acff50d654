"""The simulator of whole days: it repeats itself exactly, keeps every promise, and finds bugs that are planted."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting import engine, engine_level, engine_move, engine_people, engine_silence
from alerting.engine import Decision, StationState
from alerting.events import Event, Maintained, Observed, Ticked
from alerting.outbox import Entry, Outbox
from alerting.rules import StationRules
from broker.wire import Observation
from deploy import restore, scopes
from deploy.core import Core
from deploy.core_commands import people as core_commands_people
from deploy.dead_letters import DeadLetters
from deploy.journal import Group, Journal
from deploy.soak.day import DayResult, play
from deploy.soak.installation import Installation, folder
from deploy.soak.plan import KINDS, plan_of
from ingest.received import Received
from ingest.stations import Node

SEEDS = 4
DAYS = 8
pytestmark = pytest.mark.timeout(600)  # a day takes seconds of a processor, and the machine may be busy


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    logging.disable(logging.CRITICAL)
    with folder() as root:
        yield Installation(Path(root))
    logging.disable(logging.NOTSET)


def first_breach(installation: Installation, *kinds: str) -> str:
    """The invariant that the first failing seed names; "" when none of a few fails."""
    for seed in range(1, SEEDS + 1):
        result = play(installation, plan_of(seed, 0, kinds))
        if result.breaches:
            return result.breaches[0].invariant
    return ""


def told(result: DayResult) -> str:
    return "; ".join(breach.text for breach in result.breaches)


@pytest.mark.parametrize("number", range(DAYS))
def test_every_fault_is_survived(installation: Installation, number: int) -> None:
    """Each kind of fault on one of a few days, two or three a day: every promise is kept."""
    result = play(installation, plan_of(7, number, KINDS[number::DAYS]))
    assert "" == told(result)
    assert 5760 == result.readings
    assert result.load.alarms > 0


def test_a_seed_gives_the_same_trace_every_time(installation: Installation) -> None:
    """Byte for byte, whatever was played in between; another seed gives another one."""
    kinds = ("core killed", "duplicates and disorder", "disk fails")
    first = play(installation, plan_of(3, 0, kinds), keeps_trace=True)
    other = play(installation, plan_of(4, 0, kinds))
    again = play(installation, plan_of(3, 0, kinds), keeps_trace=True)
    assert first.lines == again.lines
    assert first.digest == again.digest
    assert first.digest != other.digest


def test_the_order_in_a_turn_and_repetitions_change_nothing(installation: Installation) -> None:
    """The same day twice, once with each turn's messages shuffled and some of them twice: the same story."""
    plan = plan_of(2, 0, ("one silent", "silent while rising"))
    calm, shuffled = play(installation, plan), play(installation, plan, shuffles=True)
    assert "" == told(shuffled)
    assert sorted(calm.story) == sorted(shuffled.story)
    assert len(calm.story) > 4


# -- planted bugs: what the simulator is for ------------------------------------------------------------------------


def test_it_finds_that_duplicates_are_taken(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recognition of duplicates is off."""
    monkeypatch.setattr(Received, "is_new", lambda self, boot, seq: True)
    assert "I1" == first_breach(installation, "duplicates and disorder")


def test_it_finds_an_acknowledgement_before_the_commit(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node is told that its reading is safe while it is still in memory."""
    honest = Core._take_observation

    def hasty(self: Core, node: Node, observation: Observation, now: int, *, is_retained: bool) -> bool:
        is_taken = honest(self, node, observation, now, is_retained=is_retained)
        self._acknowledge_to_nodes({node.id: [(observation.boot, observation.seq)]}, now)
        return is_taken

    monkeypatch.setattr(Core, "_take_observation", hasty)
    assert "I1" == first_breach(installation, "core killed")


def test_it_finds_a_silence_that_lowers_a_level(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A station that says nothing any more is taken for one that is back to normal."""
    honest = engine.step

    def step(state: StationState, rules: StationRules, event: Event) -> tuple[StationState, tuple[Decision, ...]]:
        after, decisions = honest(state, rules, event)
        if isinstance(event, Ticked) and after.silent_since is not None and after.level > 0:
            reading = engine.ReadingTaken(event.now, event.now, after.last_value, 1)
            after, lowered = engine_move.move(after, rules, reading, level=0, why="fell")
            return after, decisions + lowered
        return after, decisions

    monkeypatch.setattr(scopes, "step", step)
    assert "I5" == first_breach(installation, "silent while rising")


def test_it_finds_a_hold_that_is_ignored(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level is left with the first samples below it."""
    monkeypatch.setattr(
        engine_level, "has_left", lambda state, rules, level, time: state.below_since[level - 1] is not None
    )
    assert "I5" == first_breach(installation, "one silent")


def test_it_finds_a_rise_that_is_told_late(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sample more than the rule says is waited for."""
    honest = engine_level.reached_by
    monkeypatch.setattr(engine_level, "reached_by", lambda above, least: honest(above, least + 1))
    assert "I7" == first_breach(installation, "garbage")


def test_it_finds_a_level_that_is_never_told(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIAGA and AWAS are beyond the engine."""
    honest = engine_level.reached_by
    monkeypatch.setattr(engine_level, "reached_by", lambda above, least: min(1, honest(above, least)))
    monkeypatch.setattr(engine_level, "_expects_awas", lambda state, rule, limits: False)
    assert "I2" == first_breach(installation, "garbage")


def test_it_finds_an_alert_without_a_cause(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Water that is half a metre below its threshold raises the level."""
    honest = engine_level.counted
    monkeypatch.setattr(engine_level, "counted", lambda above, value, limits: honest(above, value + 0.5, limits))
    assert "I2" == first_breach(installation, "garbage")


def test_it_finds_a_backlog_that_warns(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings hours old are taken for the present."""
    honest = engine._on_reading

    def hasty(
        state: StationState, rules: StationRules, reading: engine.ReadingTaken
    ) -> tuple[StationState, tuple[Decision, ...]]:
        return honest(state, msgspec.structs.replace(rules, horizon_ms=2**53), reading)

    monkeypatch.setattr(engine, "_on_reading", hasty)
    assert "I4" == first_breach(installation, "backlog")


def test_it_finds_a_bad_payload_that_stops_the_turn(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be decoded brings core down."""

    def fail(self: DeadLetters, *_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(DeadLetters, "add", fail)
    assert "I10" == first_breach(installation, "garbage")


def test_it_finds_messages_lost_at_a_restart(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was waiting to be sent is forgotten."""
    monkeypatch.setattr(restore, "_open_messages", lambda journal: [])
    assert "I3" == first_breach(installation, *["core killed"] * 8)


def test_it_finds_messages_sent_again_at_a_restart(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was being sent is sent again, not looked up."""
    honest = restore._open_messages

    def forgetful(journal: Journal) -> list[Entry]:
        return [msgspec.structs.replace(e, state="queued") for e in honest(journal)]

    monkeypatch.setattr(restore, "_open_messages", forgetful)
    assert "I3" == first_breach(installation, *["core killed"] * 8)


def test_it_finds_a_state_lost_at_a_restart(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that was decided is not known any more after a crash."""
    honest = Journal.write

    def forgetful(self: Journal, group: Group) -> None:
        group.station_states.clear()
        honest(self, group)

    monkeypatch.setattr(Journal, "write", forgetful)
    assert first_breach(installation, "core killed", "core killed", "core stopped") in ("I2", "I4", "I5", "I9")


def test_it_finds_a_silence_that_is_told_late(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of a silent station is half a minute too far away."""
    honest = engine_silence.silence_deadline

    def later(state: StationState, rules: StationRules, listening_since: int) -> int | None:
        deadline = honest(state, rules, listening_since)
        return None if deadline is None else deadline + 31_000

    monkeypatch.setattr(scopes, "silence_deadline", later)
    assert "I6" == first_breach(installation, "one silent")


def test_it_finds_a_decision_that_is_not_audited(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit log has a hole."""
    honest = Journal.add_audit

    def lazy(self: Journal, group: Group, **said: Any) -> None:
        if said["action"] != "alert raised_higher":
            honest(self, group, **said)

    monkeypatch.setattr(Journal, "add_audit", lazy)
    assert "I9" == first_breach(installation, "garbage")


def test_it_finds_an_audit_chain_that_does_not_hold(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart the chain begins anew."""
    monkeypatch.setattr(Journal, "_last_audit_hash", lambda self: bytes(32))
    assert "I9" == first_breach(installation, "core stopped")


def test_it_finds_an_outbox_that_grows(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is ever sent."""
    monkeypatch.setattr(Outbox, "claim", lambda self, now, ids: ([], []))
    assert "I3" == first_breach(installation, "garbage")


# -- planted bugs: operators' words ----------------------------------------------------------------------------------


def test_it_finds_a_level_that_nobody_holds(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person raised is left with the next good data."""
    honest = engine_people._decide

    def forgetful(
        state: StationState, rules: StationRules, event: Observed, level: int
    ) -> tuple[StationState, tuple[Decision, ...]]:
        after, decisions = honest(state, rules, event, level)
        return msgspec.structs.replace(after, manual=None), decisions

    monkeypatch.setattr(engine_people, "_decide", forgetful)
    assert "I5" == first_breach(installation, *["operator raises"] * 4)


def test_it_finds_a_level_that_comes_back_at_once(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """An officer brings a level down, and the next samples raise it again."""
    monkeypatch.setattr(engine_level, "is_dismissed", lambda state, level, at: False)
    assert "I5" == first_breach(installation, *["operator lowers", "operator cancels"] * 4)


def test_it_finds_a_warning_from_under_somebodys_hands(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maintenance is said, stored and without effect."""
    monkeypatch.setitem(engine._taken_by, Maintained, lambda state, rules, event: (state, ()))
    assert first_breach(installation, *["operator maintains"] * 8) in ("I5", "I6")


def test_it_finds_streets_that_never_dry(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """An area without a station stays where somebody raised it until a time that is over."""
    monkeypatch.setattr(scopes, "area_deadline", lambda state, rules: None)
    assert "I2" == first_breach(installation, *["operator raises"] * 8)


def test_it_finds_a_word_in_the_wrong_name(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that people decide is signed by one of them."""
    monkeypatch.setattr(core_commands_people, "person", lambda request: "Petugas Tiga")
    assert "I5" == first_breach(installation, *["operator raises"] * 4)
