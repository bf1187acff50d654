"""Messages from the decision to their last word, by one channel."""

import itertools

from msgspec.structs import replace

from alerting.channels.port import Accepted, Delivered, Outcome, Rejected, RetryLater, Undelivered, Unknown
from alerting.lane import Lane
from alerting.outbox import GIVE_UP_MS, SETTLE_AFTER_MS, VALID_MS, Entry, Outbox, backoff_ms
from tests.outbox_world import HORIZON, T0, Ways, entry, outbox

ALONE = Ways(only={"p1", "p2", "p3"})  # nobody has another channel

ids = itertools.count(1000).__next__


def claimed(box: Outbox, now: int = T0) -> list[tuple[int, bool]]:
    return [(attempt.entry.id, attempt.is_lookup) for attempt in box.claim(now, ids)[0]]


def settled(outcome: Outcome | None, box: Outbox, now: int = T0 + 50, *, attempt: int | None = None) -> Entry:
    (changed,) = box.settle("a/1/p1/sms", outcome, now=now, ids=ids, attempt=attempt)
    return changed


def test_the_most_urgent_goes_first_then_the_oldest() -> None:
    """Priority, then age; no more than there is room for."""
    box = outbox(entry(1, priority=20), entry(2, priority=7), entry(3, priority=7), room=2)
    assert [(2, False), (3, False)] == claimed(box)
    box.settle("a/1/p2/sms", Accepted(reference="x"), now=T0, ids=ids)
    assert [(1, False)] == claimed(box)
    assert [] == claimed(box)


def test_a_full_channel_does_not_hold_up_another() -> None:
    """Nothing free at one provider: the other goes on."""
    box = outbox(entry(1), entry(2), entry(3, channel="gsm"), room=1)
    assert [(1, False), (3, False)] == claimed(box)
    assert box.lanes.is_waiting_for_room


def test_a_quarter_of_the_room_is_kept_for_what_is_urgent() -> None:
    """A queue of the public fills a slow channel, and an officer's message leaves at once all the same."""
    box = outbox(*[entry(n, priority=200) for n in range(1, 20)], room=8)
    assert 6 == len(claimed(box))
    box.enqueue(entry(20, priority=8))
    assert [(20, False)] == claimed(box)


def test_the_address_is_found_when_the_message_leaves() -> None:
    """The row has it masked; the attempt has it in clear."""
    (attempt,), _ = outbox(entry()).claim(T0, ids)
    assert ("+62*****001", "+62812-p1-sms") == (attempt.entry.address, attempt.address)


def test_a_message_to_somebody_who_was_erased_is_dead() -> None:
    """Nothing leaves, and the row says why."""
    box = outbox(entry(), ways=Ways(gone={"p1"}))
    attempts, (dead,) = box.claim(T0, ids)
    assert ([], "dead") == (attempts, dead.state)
    assert "dihapus" in (dead.reason or "")
    assert {} == box.open


def test_accepted_is_not_delivered() -> None:
    """The state says what was promised, and the latency is counted from the sensor."""
    box = outbox(entry())
    claimed(box)
    done = settled(Accepted(reference="SM1"), box)
    assert ("accepted", "SM1", 150.0, T0 + 50, 0) == (
        done.state,
        done.reference,
        done.latency_ms,
        done.changed_at,
        done.doubtful,
    )
    assert {} == box.open
    box = outbox(entry())
    claimed(box)
    assert "delivered" == settled(Delivered(reference="SM1"), box).state


def test_rejected_is_dead_with_its_reason() -> None:
    """And is never tried again; what a look-up finds to have failed was undelivered."""
    box = outbox(entry())
    claimed(box)
    done = settled(Rejected(reason="bukan nomor", code="21211"), box)
    assert ("dead", "bukan nomor (21211)") == (done.state, done.reason)
    assert [] == claimed(box, T0 + VALID_MS)
    box = outbox(entry())
    claimed(box)
    settled(Unknown(reason="time-out"), box)
    claimed(box, T0 + 4_000)
    assert "undelivered" == settled(Rejected(reason="Tidak sampai"), box).state


def test_retry_later_waits_and_tries_again() -> None:
    """Not before its time; the provider's own wish is kept."""
    box = outbox(entry())
    claimed(box)
    assert "queued" == settled(RetryLater(reason="500", after_s=5), box).state
    assert [] == claimed(box, T0 + 5_000)
    assert [(1, False)] == claimed(box, T0 + 5_050)


def test_unknown_is_looked_up_and_not_repeated_when_found() -> None:
    """A POST without an answer: the next thing is a question, not a second message."""
    box = outbox(entry())
    claimed(box)
    assert "unknown" == settled(Unknown(reason="time-out"), box).state
    assert [] == claimed(box, T0 + SETTLE_AFTER_MS)
    assert [(1, True)] == claimed(box, T0 + SETTLE_AFTER_MS + 50)
    done = settled(Accepted(reference="SM1"), box)
    assert ("accepted", 0) == (done.state, done.doubtful)


def test_unknown_that_nobody_has_is_sent_again() -> None:
    """A look-up that finds nothing puts it back in the queue at once."""
    box = outbox(entry())
    claimed(box)
    settled(Unknown(reason="time-out"), box)
    claimed(box, T0 + 4_000)
    again = settled(None, box, T0 + 4_000)
    assert ("queued", 0) == (again.state, again.doubtful)
    assert [(1, False)] == claimed(box, T0 + 4_000)


def test_a_provider_that_never_says_gets_it_once_more() -> None:
    """A duplicate beats silence: after three unknowns it is sent again, and both count as doubtful."""
    box, now = outbox(entry(), ways=ALONE), T0
    seen = []
    for _ in range(4):
        seen += claimed(box, now)
        doubtful = settled(Unknown(reason="?"), box, now).doubtful
        now += SETTLE_AFTER_MS
    assert [(1, False), (1, True), (1, True), (1, False)] == seen
    assert 2 == doubtful


def test_a_provider_that_takes_and_never_answers_gets_two_at_most() -> None:
    """Every request times out for hours: sent twice, asked about again and again, never called sent, and given up."""
    box, now = outbox(entry(), ways=ALONE), T0
    seen: list[bool] = []
    last = entry()
    while now < T0 + VALID_MS + GIVE_UP_MS + 200_000:
        for _, is_lookup in claimed(box, now):
            seen.append(is_lookup)
            now += 10_000
            last = settled(Unknown(reason="time-out"), box, now)
            assert last.state in ("queued", "unknown")
        now += 250
    assert 2 == seen.count(False)
    assert [False, True, True, False, True, True] == seen[:6]
    assert 30 < len(seen) < 120
    assert {} == box.open
    assert ("unknown", True) == (last.state, last.settled_at is not None)


def test_a_restart_does_not_forget_how_often_it_was_sent() -> None:
    """Sent twice without an answer before the crash: only asked about afterwards."""
    box = outbox(replace(entry(state="sending"), doubtful=2), ways=ALONE)
    for now in range(T0, T0 + 60_000, 250):
        for _, is_lookup in claimed(box, now):
            assert is_lookup
            settled(Unknown(reason="time-out"), box, now)


def test_a_message_that_was_refused_before_is_looked_up_too() -> None:
    """Three times "later", then no answer: the next thing is a question all the same."""
    box, now = outbox(entry()), T0
    for _ in range(2):
        assert [(1, False)] == claimed(box, now)
        now = settled(RetryLater(reason="500"), box, now).next_at
    assert [(1, False)] == claimed(box, now)
    assert "unknown" == settled(Unknown(reason="time-out"), box, now).state
    assert [(1, True)] == claimed(box, now + SETTLE_AFTER_MS)


def test_after_a_crash_what_was_being_sent_is_in_doubt() -> None:
    """Sending becomes unknown; queued stays queued."""
    box = outbox(entry(1, state="sending"), entry(2))
    assert [(2, False)] == claimed(box)
    assert [(1, True)] == claimed(box, T0 + SETTLE_AFTER_MS)


def test_after_a_restart_nothing_older_than_the_horizon_is_sent_to_officers() -> None:
    """It expires, with its reason; a notice's message has a validity of its own."""
    box = outbox(entry(1), replace(entry(2), public=True), now=T0 + HORIZON + 1)
    attempts, changed = box.claim(T0 + HORIZON + 1, ids)
    assert [2] == [attempt.entry.id for attempt in attempts]
    assert [(1, "expired"), (2, "sending")] == [(one.id, one.state) for one in changed]


def test_a_stale_message_expires_also_after_a_wait_for_its_turn() -> None:
    """A slow channel: what is too old when its place comes does not leave, and takes no place."""
    box = outbox(*[replace(entry(n, priority=200), valid_until=T0 + 60_000) for n in range(1, 13)], rate=0.1)
    left, now = [], T0
    while box.open and now < T0 + 300_000:
        attempts, changed = box.claim(now, ids)
        left += [now - T0] * len(attempts)
        for attempt in attempts:
            box.settle(attempt.entry.key, Accepted(reference="x"), now=now, ids=ids)
        expired = [one for one in changed if one.state == "expired"]
        assert not expired or now == T0 + 60_250
        now += 250
    assert 6 == len(left)
    assert max(left) <= 60_000
    assert {} == box.open


def test_ten_thousand_expire_some_hundred_at_a_time() -> None:
    """No turn is held up by them."""
    box = outbox(*[entry(n, priority=200) for n in range(1, 10_001)], room=0)
    counts = []
    while box.open:
        _, changed = box.claim(T0 + VALID_MS + 1, ids)
        counts.append(len(changed))
    assert [200] * 50 == counts


def test_what_a_new_version_replaces_does_not_leave() -> None:
    """Not what waits, not what comes back from a try; what may have left stays in doubt and is not repeated."""
    three = (replace(entry(number), public=True) for number in (1, 2, 3))
    box = outbox(*three, room=2, ways=ALONE)
    assert [(1, False), (2, False)] == claimed(box)
    box.supersede({"a": 2})
    _, (third,) = box.claim(T0, ids)
    assert ("expired", "Digantikan versi baru.") == (third.state, third.reason)
    assert "queued" == settled(RetryLater(reason="500", after_s=1), box).state
    (doubtful,) = box.settle("a/1/p2/sms", Unknown(reason="?"), now=T0, ids=ids)
    _, (first,) = box.claim(T0 + 2_000, ids)
    assert ("expired", "unknown") == (first.state, doubtful.state)
    now, seen = T0, []
    while now < T0 + 60_000:
        for number, is_lookup in claimed(box, now):
            seen.append((number, is_lookup))
            box.settle("a/1/p2/sms", Unknown(reason="?"), now=now, ids=ids)
        now += 250
    assert {(2, True)} == set(seen)
    assert box.may_have_left("a/1/p2/sms")


def test_a_version_that_is_not_older_is_not_replaced() -> None:
    """Nor is another alert."""
    box = outbox(replace(entry(1), version=2, public=True), replace(entry(2), alert="b", public=True))
    box.supersede({"a": 2})
    assert [(1, False), (2, False)] == claimed(box)


def test_what_officers_are_to_hear_is_never_replaced() -> None:
    """Their own grouping decides that."""
    box = outbox(entry(1))
    box.supersede({"a": 2})
    assert [(1, False)] == claimed(box)


def test_a_late_word_about_a_settled_message_changes_nothing() -> None:
    """Only open entries settle."""
    box = outbox(entry())
    claimed(box)
    settled(Accepted(reference="SM1"), box)
    assert [] == box.settle("a/1/p1/sms", Unknown(reason="late"), now=T0, ids=ids)


def test_an_attempt_that_was_given_up_counts_when_it_succeeded() -> None:
    """Its failure is about the past; its acceptance ends the doubt."""
    box = outbox(entry())
    (first,), _ = box.claim(T0, ids)
    settled(Unknown(reason="lease"), box, attempt=first.entry.attempts)
    (second,), _ = box.claim(T0 + 4_000, ids)
    assert second.is_lookup
    assert [] == box.settle("a/1/p1/sms", Unknown(reason="late"), now=T0, ids=ids, attempt=first.entry.attempts)
    done = settled(Accepted(reference="SM1"), box, attempt=first.entry.attempts)
    assert "accepted" == done.state
    assert [] == box.settle("a/1/p1/sms", None, now=T0, ids=ids, attempt=second.entry.attempts)
    assert 0 == box.lanes["sms"].busy


def test_a_report_only_moves_forward() -> None:
    """Accepted becomes delivered or undelivered, and stays."""
    box = outbox(entry())
    claimed(box)
    accepted = settled(Accepted(reference="SM1"), box)
    (delivered,) = box.reported(accepted, Delivered(reference="SM1"), T0 + 900, ids)
    assert ("delivered", T0 + 50, T0 + 900) == (delivered.state, delivered.settled_at, delivered.changed_at)
    assert [] == box.reported(delivered, Undelivered(reason="mati"), T0 + 901, ids)
    failed = box.reported(replace(accepted, public=True), Undelivered(reason="mati", code="30003"), T0 + 900, ids)
    assert [("undelivered", "mati (30003)")] == [(one.state, one.reason) for one in failed]
    assert [] == box.reported(failed[0], Delivered(reference="SM1"), T0 + 901, ids)


def test_the_next_claim_is_when_a_place_comes_free() -> None:
    """Core need not look before, nor when there is nothing to send."""
    box = outbox(entry(1, priority=200), entry(2, priority=200), rate=10)
    claimed(box)
    assert T0 + 103 == box.next_claim(T0)
    assert [] == claimed(box, T0 + 102)
    assert [(2, False)] == claimed(box, T0 + 103)
    empty = Outbox((), now=T0, horizon_ms=HORIZON)
    empty.open_lanes({"sms": Lane("sms", room=1)}, Ways())
    assert empty.next_claim(T0) is None


def test_backoff_grows_to_a_minute_and_is_spread() -> None:
    """Doubling, capped, never all at once."""
    assert sorted(backoff_ms(n, 0) for n in range(8)) == [backoff_ms(n, 0) for n in range(8)]
    assert 60_000 == backoff_ms(50, 0)
    assert 45_000 <= min(backoff_ms(50, n) for n in range(64)) < 60_000
