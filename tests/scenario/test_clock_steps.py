"""Core's clock is set while messages wait and windows run: nothing is lost, nothing is early, late or twice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerting.channels.port import Accepted, RetryLater, Unknown
from deploy.arrival import Arrival
from deploy.health.missed_time import MissedTime
from tests.bare_core import SetClock
from tests.notice_post import KARANGKETUG, MINUTE, NoticePost

HOUR_S = 3600
STEPS = pytest.mark.parametrize("step_s", [30 * 86_400, -HOUR_S])


class SteppedPost(NoticePost):
    """``wait`` lets time pass by every clock; ``step`` sets the clock of the day alone."""

    passed_s = 0.0

    def open(self) -> None:
        super().open()
        self.core.monotonic, self.core.of_day = lambda: self.passed_s, lambda: SetClock.time / 1000
        self.core.missed_time = MissedTime(self.passed_s, SetClock.time / 1000)

    def wait(self, seconds: float, *, turns: int = 1) -> None:
        """In turns so close that none of it is missed."""
        while seconds > 0:
            self.passed_s += min(seconds, 5.0)
            super().wait(min(seconds, 5.0), turns=turns)
            seconds -= 5.0

    def step(self, seconds: float) -> None:
        """A second later, somebody has set the clock."""
        self.passed_s += 1
        SetClock.time += round((seconds + 1) * 1000)
        self.core.turn()

    def sample(self, metres: float, *, measured_at: int) -> None:
        """One comes now, with the time that its node gave it."""
        body = {"v": 1, "boot": 7, "seq": self.seq, "t": measured_at, "s": {"distance_mm": (6.5 - metres) * 1000}}
        self.seq += 1
        self.core.turn([Arrival(b"ews/v1/wl-01/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)])

    def levels(self) -> list[int]:
        """Of what was told of the water at Welang."""
        query = "SELECT level FROM alerts WHERE alert LIKE 'welang.level.%' ORDER BY id"
        return [level for (level,) in self.core.journal.connection.execute(query)]

    def high(self) -> None:
        """Two samples over AWAS, as fast as they come."""
        for _ in range(2):
            self.passed_s += MINUTE / 1000
            self.core.missed_time = MissedTime(self.passed_s, SetClock.time / 1000 + MINUTE / 1000)
            self.level(5.8, minutes=1)

    def states(self) -> list[str]:
        return [state for (state,) in self.core.journal.connection.execute("SELECT state FROM outbox ORDER BY id")]

    def not_now(self) -> None:
        """The provider wants each message again later."""
        attempts, self.waiting = self.waiting, []
        for attempt in attempts:
            self.core.sending.outcome(attempt.entry.key, RetryLater(reason="503", after_s=12.0))
        self.core.turn()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[SteppedPost]:
    made = SteppedPost(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("spacing_s", [1, 3, 60])
def test_a_rise_is_told_by_a_clock_an_hour_behind(post: SteppedPost, spacing_s: int) -> None:
    """With the second high sample, however fast they come: by their pace they are of now."""
    post.level(3.0, minutes=1)
    post.step(-HOUR_S)
    for _ in range(2):
        post.wait(spacing_s)
        post.sample(3.0, measured_at=SetClock.time + HOUR_S * 1000)
    for _ in range(2):
        assert [] == post.levels()
        post.wait(spacing_s)
        post.sample(5.8, measured_at=SetClock.time + HOUR_S * 1000)
    assert 3 == max(post.levels())


def test_the_first_two_samples_after_the_step_tell_of_a_rise(post: SteppedPost) -> None:
    """Two to see the pace of, then the two that it takes: the third high one at a second each."""
    post.level(3.0, minutes=1)
    post.step(-HOUR_S)
    for _ in range(3):
        post.wait(1)
        post.sample(5.8, measured_at=SetClock.time + HOUR_S * 1000)
    assert 3 == max(post.levels())


@pytest.mark.parametrize("spacing_s", [1, 3])
def test_a_queue_tells_nobody_by_a_clock_an_hour_behind(post: SteppedPost, spacing_s: int) -> None:
    """The link was down while the water stood high, and what was kept comes at once: that is over."""
    post.step(-HOUR_S)
    for _ in range(5):
        post.wait(spacing_s)
        post.sample(3.0, measured_at=SetClock.time + HOUR_S * 1000)
    began = SetClock.time + HOUR_S * 1000
    post.wait(1800)
    for n in range(60):
        post.wait(0.02)
        post.sample(5.8, measured_at=began + (n + 1) * spacing_s * 1000)
    for _ in range(3):
        post.wait(spacing_s)
        post.sample(3.0, measured_at=SetClock.time + HOUR_S * 1000)
    assert [] == post.levels()


@STEPS
def test_what_waits_goes_on_waiting_for_as_long_as_it_had_to(post: SteppedPost, step_s: int) -> None:
    """Asked to come again in twelve seconds, it comes then, once, and does not expire."""
    post.high()
    count = len(post.waiting)
    assert 0 < count
    post.not_now()
    post.wait(5)
    post.step(step_s)
    assert [] == post.waiting
    post.wait(9)
    assert count == len(post.waiting)
    post.deliver()
    post.wait(60)
    assert (["accepted"] * count, count) == (post.states(), len(set(post.sent)))
    assert count == len(post.sent)


@STEPS
def test_what_waits_is_as_old_as_it_was_after_a_restart(post: SteppedPost, step_s: int) -> None:
    """Core is killed after the step: the message is sent, and only what is truly older than the horizon is not."""
    post.high()
    count = len(post.waiting)
    post.not_now()
    post.step(step_s)
    post.crash()
    post.wait(15)
    assert count == len(post.waiting)
    post.not_now()
    SetClock.time += 16 * MINUTE
    post.crash()
    post.wait(30)
    assert ([], ["expired"] * count) == (post.waiting, post.states())


@STEPS
def test_what_is_in_doubt_is_looked_for_from_when_it_left(post: SteppedPost, step_s: int) -> None:
    """It may be with the provider: asked after, found, and not sent again."""
    post.high()
    left, sent = post.waiting[0].entry, [each.entry.key for each in post.waiting]
    for attempt in post.waiting:
        post.core.sending.outcome(attempt.entry.key, Unknown(reason="putus"))
    post.waiting.clear()
    post.core.turn()
    post.step(step_s)
    post.wait(5)
    asked = post.waiting[0]
    assert [(key, True) for key in sent] == [(each.entry.key, each.is_lookup) for each in post.waiting]
    since = min(asked.entry.attempted_at or 0, asked.entry.created_at)
    assert since <= left.created_at + max(step_s, 0) * 1000
    assert since <= max(left.created_at, left.created_at + step_s * 1000)
    for each in post.waiting:
        post.core.sending.outcome(each.entry.key, Accepted(reference=each.entry.key))
    post.waiting.clear()
    post.wait(60)
    assert ([], {"accepted"}) == (post.waiting, set(post.states()))


def test_messages_of_a_time_to_come_are_sent_after_a_restart(post: SteppedPost) -> None:
    """The clock was an hour ahead, and is right when core starts again: nothing waits for it, nothing expires."""
    post.high()
    count = len(post.waiting)
    post.not_now()
    SetClock.time -= HOUR_S * 1000
    post.crash()
    post.wait(70)
    assert count == len(post.waiting)
    post.deliver()
    assert count == len(post.sent)


@STEPS
def test_a_window_for_a_veto_is_as_long_as_it_was(post: SteppedPost, step_s: int) -> None:
    """Not over at once, not an hour longer: pre-authorised, it goes out after its sixty seconds."""
    post.person([KARANGKETUG])
    paper = {"pre_authorised": ["AWAS"], "document": "SK 1"}
    post.ask("policy-set", changes=paper, by="Kepala", reason="uji")
    post.high()
    post.ask("station-observe", id="welang", level_m=5.8, by="Rini")
    post.wait(1)
    made = [each for each in post.core.telling.notices.book.open.values() if each.state == "veto"]
    assert 1 == len(made)
    post.step(step_s)
    left_s = ((made[0].due_at or 0) + step_s * 1000 - SetClock.time) / 1000
    post.wait(left_s - 2)
    assert "veto" == post.core.telling.notices.book.open[made[0].number].state
    post.wait(4)
    assert post.core.telling.notices.book.open[made[0].number].has_gone


@STEPS
def test_who_is_next_is_told_when_he_was_to_be(post: SteppedPost, step_s: int) -> None:
    """Nobody acknowledges: the second rank is told after three minutes, whatever the clock says."""
    post.person([], kind="officer", rank=2)
    post.high()
    post.deliver()
    told = len(post.sent)
    post.wait(100)
    post.step(step_s)
    post.wait(70)
    assert (told, []) == (len(post.sent), post.waiting)
    post.wait(20)
    post.deliver()
    assert told < len(post.sent)
    assert len(set(post.sent)) == len(post.sent)
