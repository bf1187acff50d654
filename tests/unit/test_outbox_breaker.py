"""When a channel is no longer worth trying, and when again."""

from alerting.breaker import FIRST_REST_MS, LAST_REST_MS, PATIENCE_MS, Breaker

T0 = 1_764_000_000_000


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(3):
        breaker.failed(T0)
    return breaker


def test_three_failures_in_a_row_open_it() -> None:
    """A success in between begins the count anew."""
    breaker = Breaker()
    for _ in range(2):
        breaker.failed(T0)
    breaker.worked()
    for _ in range(2):
        breaker.failed(T0)
        assert breaker.is_closed
    breaker.failed(T0)
    assert T0 == breaker.opened_at


def test_two_failures_far_apart_are_enough() -> None:
    """One message that hangs and a look-up that hangs too: nobody waits for a third."""
    breaker = Breaker()
    breaker.failed(T0)
    breaker.failed(T0 + PATIENCE_MS)
    assert not breaker.is_closed


def test_a_provider_that_asks_to_wait_gets_its_time() -> None:
    """Many refusals at once are one wish; a wish of eight seconds is an outage."""
    breaker = Breaker()
    for _ in range(20):
        breaker.failed(T0, asked_to_wait=True)
    assert breaker.is_closed
    breaker.failed(T0 + PATIENCE_MS, asked_to_wait=True)
    assert not breaker.is_closed


def test_one_message_is_the_trial() -> None:
    """After the rest, and no second one until the first is back."""
    breaker = opened()
    assert not breaker.may_try(T0 + FIRST_REST_MS - 1)
    assert breaker.may_try(T0 + FIRST_REST_MS)
    breaker.tried()
    assert not breaker.may_try(T0 + FIRST_REST_MS)
    assert breaker.worked()
    assert breaker.is_closed


def test_a_failed_trial_doubles_the_rest_up_to_a_minute() -> None:
    """5, 10, 20, 40, 60, 60 s."""
    breaker, now, rests = opened(), T0, []
    for _ in range(6):
        began = now
        while not breaker.may_try(now):
            now += 1000
        rests.append(now - began)
        breaker.tried()
        breaker.failed(now)
    assert [5_000, 10_000, 20_000, 40_000, LAST_REST_MS, LAST_REST_MS] == rests


def test_what_was_on_its_way_when_it_opened_changes_no_rest() -> None:
    """Its failure says nothing new; its success does."""
    breaker = opened()
    breaker.failed(T0 + 4_000)
    assert breaker.may_try(T0 + FIRST_REST_MS)
    assert breaker.worked()


def test_a_probe_that_finds_nothing_wrong_ends_the_rest() -> None:
    """The trial may come at once, and is still one message."""
    breaker = opened()
    breaker.rested(T0 + 1_000)
    assert breaker.may_try(T0 + 1_000)
    assert not breaker.is_closed


def test_a_clock_that_was_set_back_does_not_prolong_the_rest() -> None:
    """An hour back is not an hour's rest."""
    assert opened().may_try(T0 - 3_600_000)
