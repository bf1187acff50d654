"""Messages from the decision to their last word."""

import msgspec

from alerting.channels.port import Accepted, Delivered, Outcome, Rejected, RetryLater, Unknown
from alerting.outbox import SETTLE_AFTER_MS, VALID_MS, Entry, Outbox, backoff_ms

T0 = 1_764_000_000_000
HORIZON = 15 * 60_000


def entry(number: int = 1, *, priority: int = 9, channel: str = "sms", state: str = "queued", at: int = T0) -> Entry:
    made = Entry(
        id=number,
        rev=number,
        key=f"a/1/{number}/{channel}",
        alert="a",
        version=1,
        recipient=str(number),
        address="+62812",
        channel=channel,
        body="x",
        priority=priority,
        state="queued",
        attempts=0,
        created_at=at,
        observed_at=at - 100,
        valid_until=at + VALID_MS,
        next_at=at,
    )
    return msgspec.structs.replace(made, state=state)


def outbox(*entries: Entry, now: int = T0) -> Outbox:
    return Outbox(entries, now=now, horizon_ms=HORIZON)


def claimed(box: Outbox, now: int = T0, free: int = 10) -> list[tuple[int, bool]]:
    attempts, _ = box.claim(now, {"sms": free, "demo": free}, 100)
    return [(attempt.entry.id, attempt.is_lookup) for attempt in attempts]


def settled(outcome: Outcome | None, box: Outbox, now: int = T0 + 50) -> Entry:
    changed = box.settle("a/1/1/sms", outcome, now=now, rev=7)
    assert changed is not None
    return changed


def test_the_most_urgent_goes_first_then_the_oldest() -> None:
    """Priority, then age; no more than there is room for."""
    box = outbox(entry(1, priority=20), entry(2, priority=7), entry(3, priority=7))
    assert [(2, False), (3, False)] == claimed(box, free=2)
    assert [(1, False)] == claimed(box, free=2)
    assert [] == claimed(box)


def test_a_full_channel_does_not_hold_up_another() -> None:
    """Nothing free at one provider: the other goes on."""
    box = outbox(entry(1), entry(2, channel="demo"))
    attempts, _ = box.claim(T0, {"sms": 0, "demo": 1}, 100)
    assert [2] == [attempt.entry.id for attempt in attempts]
    assert [(1, False)] == claimed(box)


def test_accepted_is_not_delivered() -> None:
    """The state says what was promised, and the latency is counted from the sensor."""
    box = outbox(entry())
    claimed(box)
    done = settled(Accepted(reference="SM1"), box)
    assert ("accepted", "SM1", 150.0, 7) == (done.state, done.reference, done.latency_ms, done.rev)
    assert {} == box.open
    box = outbox(entry())
    claimed(box)
    assert "delivered" == settled(Delivered(reference="SM1"), box).state


def test_rejected_is_dead_with_its_reason() -> None:
    """And is never tried again."""
    box = outbox(entry())
    claimed(box)
    done = settled(Rejected(reason="bukan nomor", code="21211"), box)
    assert ("dead", "bukan nomor (21211)") == (done.state, done.reason)
    assert [] == claimed(box, T0 + VALID_MS)


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
    assert "accepted" == settled(Accepted(reference="SM1"), box).state


def test_unknown_that_nobody_has_is_sent_again() -> None:
    """A look-up that finds nothing puts it back in the queue at once."""
    box = outbox(entry())
    claimed(box)
    settled(Unknown(reason="time-out"), box)
    claimed(box, T0 + 4_000)
    assert "queued" == settled(None, box, T0 + 4_000).state
    assert [(1, False)] == claimed(box, T0 + 4_000)


def test_a_provider_that_never_says_gets_it_once_more() -> None:
    """A duplicate beats silence: after three unknowns it is sent again."""
    box = outbox(entry())
    now = T0
    seen = []
    for _ in range(4):
        seen += claimed(box, now)
        settled(Unknown(reason="?"), box, now)
        now += SETTLE_AFTER_MS
    assert [(1, False), (1, True), (1, True), (1, False)] == seen


def test_a_provider_that_takes_and_never_answers_gets_two_at_most() -> None:
    """Every request times out for an hour: sent twice, asked about again and again, never called sent."""
    box, now = outbox(entry()), T0
    seen: list[bool] = []
    while now < T0 + 2 * VALID_MS:
        for _, is_lookup in claimed(box, now):
            seen.append(is_lookup)
            now += 10_000
            assert "dead" != settled(Unknown(reason="time-out"), box, now).state
        now += 250
    assert 2 == seen.count(False)
    assert [False, True, True, False, True, True] == seen[:6]
    assert 30 < len(seen) < 80


def test_a_message_that_was_refused_before_is_looked_up_too() -> None:
    """Three times "later", then no answer: the next thing is a question all the same."""
    box, now = outbox(entry()), T0
    for _ in range(3):
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


def test_after_a_restart_nothing_older_than_the_horizon_is_sent() -> None:
    """It expires, with its reason."""
    box = outbox(entry(1), now=T0 + HORIZON + 1)
    attempts, changed = box.claim(T0 + HORIZON + 1, {"sms": 1}, 9)
    assert [] == attempts
    assert ["expired"] == [one.state for one in changed]


def test_a_late_word_about_a_settled_message_changes_nothing() -> None:
    """Only open entries settle."""
    box = outbox(entry())
    claimed(box)
    settled(Accepted(reference="SM1"), box)
    assert box.settle("a/1/1/sms", Unknown(reason="late"), now=T0, rev=8) is None


def test_backoff_grows_to_a_minute_and_is_spread() -> None:
    """Doubling, capped, never all at once."""
    assert sorted(backoff_ms(n, 0) for n in range(8)) == [backoff_ms(n, 0) for n in range(8)]
    assert 60_000 == backoff_ms(50, 0)
    assert 45_000 <= min(backoff_ms(50, n) for n in range(64)) < 60_000
