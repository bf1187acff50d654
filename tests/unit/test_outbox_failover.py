"""A channel that does not work: what waits for it goes another way, and nobody is told twice without a doubt."""

import itertools
import random
from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from alerting.channels.port import Accepted, Outcome, RetryLater, Undelivered, Unknown
from alerting.outbox import Entry, Outbox
from alerting.pacing import Pace
from tests.outbox_world import T0, Ways, entry, outbox

ids = itertools.count(100_000).__next__
TURN_MS = 50
SECOND = 1000

Answer = Callable[[Entry, bool, int], tuple[Outcome | None, int]]  # to an attempt at a time: what, and after how long


def refuses(_entry: Entry, is_lookup: bool, _now: int) -> tuple[Outcome | None, int]:
    return (None if is_lookup else RetryLater(reason="500")), 100


def accepts(each: Entry, _is_lookup: bool, _now: int) -> tuple[Outcome | None, int]:
    return Accepted(reference=each.key), 100


def hangs(_entry: Entry, _is_lookup: bool, _now: int) -> tuple[Outcome | None, int]:
    return Unknown(reason="time-out"), 10 * SECOND


class Story:
    """Turns of 50 ms; each channel answers by its function. ``rows`` are the last states on disk."""

    def __init__(self, box: Outbox, ways: Ways | None = None, **answers: Answer) -> None:
        self.box, self.answers, self.now = box, answers, T0
        self.rows: dict[str, Entry] = dict(box.open)
        self.sent: list[tuple[int, str, str]] = []  # ms after the beginning, channel, recipient
        self.is_killed_at_claim = False  # die once something is on disk as being sent, before it leaves
        self._back: list[tuple[int, str, Outcome | None, int]] = []
        self._ways = ways or Ways()
        box.lanes.directions = self._ways

    def crash(self) -> None:
        """What is in memory is gone, and so are outcomes on their way; the rows stay."""
        rows = [row for row in self.rows.values() if row.settled_at is None]
        self.box = outbox(*rows, now=self.now, room=3, ways=self._ways)
        self._back.clear()

    def run(self, seconds: float) -> "Story":
        ends = self.now + int(seconds * SECOND)
        while self.now < ends:
            self.turn()
            self.now += TURN_MS
        return self

    def turn(self) -> None:
        due = [back for back in self._back if back[0] <= self.now]
        self._back = [back for back in self._back if back[0] > self.now]
        for _, key, outcome, number in due:
            self._write(self.box.settle(key, outcome, now=self.now, ids=ids, attempt=number))
        attempts, changed = self.box.claim(self.now, ids)
        self._write(changed)
        if attempts and self.is_killed_at_claim:
            self.is_killed_at_claim = False
            self.crash()
            return
        for attempt in attempts:
            each = attempt.entry
            if not attempt.is_lookup:
                self.sent.append((self.now - T0, each.channel, each.recipient))
            outcome, wait = self.answers[each.channel](each, attempt.is_lookup, self.now)
            self._back.append((self.now + wait, each.key, outcome, each.attempts))

    def _write(self, entries: list[Entry]) -> None:
        for each in entries:
            self.rows[each.key] = each

    def accepted(self) -> Counter[str]:
        return Counter(row.recipient for row in self.rows.values() if row.state == "accepted")

    def state(self, number: int, channel: str) -> str:
        return self.rows[f"a/1/p{number}/{channel}"].state


def public(count: int) -> list[Entry]:
    return [replace(entry(n, priority=200), public=True) for n in range(1, count + 1)]


def test_a_provider_that_refuses_loses_its_queue_to_the_next_channel() -> None:
    """Within seconds all by the other one, each once; the old rows say where they went."""
    story = Story(outbox(*public(100), room=2), sms=refuses, gsm=accepts).run(30)
    assert {f"p{n}": 1 for n in range(1, 101)} == dict(story.accepted())
    by_sms = [row for row in story.rows.values() if row.channel == "sms"]
    assert {("dead", "Dialihkan ke gsm.", "gsm")} == {(row.state, row.reason, row.moved_to) for row in by_sms}
    assert {} == story.box.open


def test_a_provider_that_hangs_is_left_within_thirty_seconds() -> None:
    """One message, nobody answers: sent, asked about, then by the other channel; the doubt stays on the first row."""
    story = Story(outbox(entry()), sms=hangs, gsm=accepts).run(40)
    assert [(0, "sms", "p1"), (23_000, "gsm", "p1")] == story.sent
    first = story.rows["a/1/p1/sms"]
    assert ("gsm", 1) == (first.moved_to, first.doubtful)
    assert "accepted" == story.state(1, "gsm")
    story.run(600)
    assert 2 == len(story.sent)


def test_two_channels_that_never_answer_send_one_copy_each() -> None:
    """Two copies at most, over all channels; then both are only asked about."""
    story = Story(outbox(entry()), sms=hangs, gsm=hangs).run(600)
    assert [("sms", "p1"), ("gsm", "p1")] == [(channel, who) for _, channel, who in story.sent]
    assert {"unknown", "sending"} >= {story.state(1, "sms"), story.state(1, "gsm")}


def test_a_queue_behind_a_provider_that_hangs_is_moved_without_doubts() -> None:
    """Only what was on its way when it began to hang is in doubt."""
    story = Story(outbox(*public(50), room=4), sms=hangs, gsm=accepts).run(30)
    twice = [who for who, count in Counter(who for _, _, who in story.sent).items() if count > 1]
    assert {f"p{n}": 1 for n in range(1, 51)} == dict(story.accepted())
    assert set(twice) <= {f"p{n}" for n in range(1, 7)}  # four, and two trials
    first_by_gsm = min(at for at, channel, _ in story.sent if channel == "gsm")
    assert first_by_gsm <= 10_100


def test_what_the_first_channel_had_after_all_is_not_sent_by_the_second() -> None:
    """The look-up succeeds while the message still waits for the other channel."""
    box = outbox(replace(entry(), priority=200, public=True))
    box.lanes["gsm"].pace.hold(T0, 60_000)
    silent_until = T0 + 25_000

    def late(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        return accepts(each, is_lookup, now) if now > silent_until else hangs(each, is_lookup, now)

    story = Story(box, sms=late, gsm=accepts).run(90)
    assert [(0, "sms", "p1")] == story.sent
    assert ("accepted", "dead") == (story.state(1, "sms"), story.state(1, "gsm"))
    assert "sms" in (story.rows["a/1/p1/gsm"].reason or "")


def test_a_message_in_doubt_that_nobody_had_ends_as_moved() -> None:
    """The provider comes back and never heard of it; it went by the other channel meanwhile."""

    def later(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        return (None, 100) if now > T0 + 60_000 and is_lookup else hangs(each, is_lookup, now)

    story = Story(outbox(entry()), sms=later, gsm=accepts).run(300)
    assert ("dead", "accepted") == (story.state(1, "sms"), story.state(1, "gsm"))
    assert 2 == len(story.sent)


def test_a_restart_after_a_move_in_doubt_does_not_send_it_again() -> None:
    """The row says that another channel has it."""
    story = Story(outbox(entry()), sms=hangs, gsm=accepts).run(30)
    rows = [row for row in story.rows.values() if row.state in ("queued", "sending", "unknown")]
    again = Story(outbox(*rows, now=story.now), sms=refuses, gsm=accepts)
    again.now = story.now
    again.run(60)
    assert [] == again.sent
    assert {} == again.box.open


def test_who_has_no_other_channel_waits_and_the_trial_is_one_message() -> None:
    """A minute of refusals to twenty who have nothing else: a handful of tries, then all of them once."""

    def for_a_minute(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        return (refuses if now < T0 + 60_000 else accepts)(each, is_lookup, now)

    alone = {f"p{n}" for n in range(1, 21)}
    story = Story(outbox(*public(20), room=1), Ways(only=alone), sms=for_a_minute, gsm=accepts)
    story.run(59)
    assert 3 < len(story.sent) < 10
    story.run(61)
    assert dict.fromkeys(alone, 1) == dict(story.accepted())


def test_an_officer_without_another_channel_is_tried_at_once_all_the_same() -> None:
    """The breaker spares a provider the public's queue, never the first warning."""
    box = outbox(*public(10), room=1)
    story = Story(box, Ways(only={f"p{n}" for n in range(12)}), sms=refuses, gsm=accepts).run(20)
    assert not box.lanes["sms"].breaker.is_closed
    box.enqueue(replace(entry(11), next_at=story.now))
    story.turn()
    assert (story.now - T0, "sms", "p11") == story.sent[-1]


def test_a_channel_that_comes_back_takes_its_queue_back() -> None:
    """What the slow second channel had no place for yet goes by the first again, and nobody gets it by both."""
    box = outbox(*public(300), room=4)
    box.lanes["gsm"].pace = Pace(1.0)

    def for_twenty_seconds(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        return (refuses if now < T0 + 20_000 else accepts)(each, is_lookup, now)

    story = Story(box, sms=for_twenty_seconds, gsm=accepts).run(60)
    assert {f"p{n}": 1 for n in range(1, 301)} == dict(story.accepted())
    by_gsm = [who for _, channel, who in story.sent if channel == "gsm"]
    assert 15 <= len(by_gsm) <= 45


def test_when_all_channels_failed_the_first_that_works_takes_everything() -> None:
    """Both refuse for half a minute; then only the second is well again."""

    def for_half_a_minute(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        return (refuses if now < T0 + 30_000 else accepts)(each, is_lookup, now)

    story = Story(outbox(*public(40), room=4), sms=refuses, gsm=for_half_a_minute).run(120)
    assert {f"p{n}": 1 for n in range(1, 41)} == dict(story.accepted())
    assert {} == story.box.open


def test_the_most_urgent_go_first_over_both_queues() -> None:
    """What is diverted does not jump the other channel's own queue, nor wait behind it."""
    waiting = [replace(each, priority=200 + each.id) for each in public(20)]
    own = [replace(entry(n, channel="gsm"), priority=200 + n - 20, public=True) for n in range(21, 41)]
    box = outbox(*waiting, *own, room=2)
    for _ in range(3):
        box.lanes["sms"].breaker.failed(T0)
    box.lanes["gsm"].room = 1
    story = Story(box, sms=refuses, gsm=accepts).run(4.9)
    order = [int(who[1:]) % 20 or 20 for _, channel, who in story.sent if channel == "gsm"]
    assert sorted(order) == order
    assert 40 == len(order)


def test_a_message_that_one_channel_cannot_bring_goes_by_another_after_three_tries() -> None:
    """The channel works for everybody else, so its breaker stays closed."""

    def not_for_one(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        return (refuses if each.recipient == "p1" else accepts)(each, is_lookup, now)

    box = outbox(entry(1))
    story = Story(box, sms=not_for_one, gsm=accepts)
    for number in range(2, 300):
        box.enqueue(entry(number))
    story.run(0.2)
    for number in range(300, 340):
        box.enqueue(replace(entry(number), next_at=story.now))
        story.run(1)
    assert ("dead", "accepted") == (story.state(1, "sms"), story.state(1, "gsm"))
    assert 3 == sum(who == "p1" and channel == "sms" for _, channel, who in story.sent)


def test_a_provider_that_asks_for_a_long_wait_is_not_waited_for() -> None:
    """Ten minutes are no wait for a warning that has another way; who has none is tried each minute."""

    def busy(_entry: Entry, _is_lookup: bool, _now: int) -> tuple[Outcome | None, int]:
        return RetryLater(reason="429", after_s=600.0), 50

    story = Story(outbox(*public(3)), Ways(only={"p3"}), sms=busy, gsm=accepts).run(130)
    assert {"p1": 1, "p2": 1} == dict(story.accepted())
    assert max(at for at, channel, _ in story.sent if channel == "gsm") < 1_000
    assert 3 == sum(who == "p3" for _, _, who in story.sent)


def test_a_channel_that_left_the_settings_leaves_its_queue_to_the_others() -> None:
    """After a restart without it, nothing waits for ever."""
    box = outbox(*[entry(n, channel="modem") for n in range(1, 4)])
    story = Story(box, sms=accepts, gsm=accepts).run(1)
    assert {"p1": 1, "p2": 1, "p3": 1} == dict(story.accepted())


def test_an_officers_undelivered_message_goes_by_another_channel() -> None:
    """The public's does not: ten thousand handsets are off at any time."""
    box = outbox(entry(1), replace(entry(2), public=True))
    story = Story(box, sms=accepts, gsm=accepts).run(1)
    for number in (1, 2):
        accepted = story.rows[f"a/1/p{number}/sms"]
        story._write(box.reported(accepted, Undelivered(reason="Telepon mati"), story.now, ids))
    story.run(1)
    assert {"p1": 1} == dict(story.accepted())
    assert ["p1"] == [who for _, channel, who in story.sent if channel == "gsm"]


@pytest.mark.parametrize("seed", range(12))
def test_moody_providers_and_crashes_lose_nobody_and_double_only_in_counted_doubt(seed: int) -> None:
    """Two channels take, refuse, ask to wait and hang in turn, and core dies at random moments for three minutes."""
    chance = random.Random(seed)
    taken: Counter[str] = Counter()

    def moody(each: Entry, is_lookup: bool, now: int) -> tuple[Outcome | None, int]:
        mood = (now // 7_000 * 31 + seed * 17 + len(each.channel) * (seed % 3)) % 5 if now < T0 + 180_000 else 0
        if is_lookup:
            known = Accepted(reference="x") if taken[each.key] else None
            return (Unknown(reason="?"), 5_000) if mood == 3 else (known, 100)
        if mood == 1:
            return RetryLater(reason="500"), 200
        if mood == 2:
            return RetryLater(reason="429", after_s=3.0), 50
        taken[each.key] += mood != 3 or each.id % 2
        return (Unknown(reason="time-out"), 10_000) if mood == 3 else (Accepted(reference="x"), 100)

    story = Story(outbox(*public(60), room=3), sms=moody, gsm=moody)
    for _ in range(12):
        story.run(chance.uniform(1, 15))
        if chance.random() < 0.5:
            story.is_killed_at_claim = True
        else:
            story.crash()
    story.run(500)
    assert {} == story.box.open
    told = Counter({f"p{n}": 0 for n in range(1, 61)})
    doubtful: Counter[str] = Counter()
    for row in story.rows.values():
        told[row.recipient] += taken[row.key]
        doubtful[row.recipient] += row.doubtful + (row.moved_to is not None and row.state == "accepted")
    assert [] == [who for who, count in told.items() if count < 1]
    assert [] == [(who, count) for who, count in told.items() if count > min(2, 1 + doubtful[who])]
