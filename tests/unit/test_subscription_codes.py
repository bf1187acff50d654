"""Who may ask for a code, and what a code proves."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.subscription import CODE_TRIES, CODE_VALID_MS, DAY_MS, Asking, Limits, Refusal, Window, tried

LIMITS = Limits(messages=5, codes_per_number=2, requests_per_address=3, replies_per_number=3, tries_per_address=4)
NOW = 1_795_000_000_000
ASKING = Asking(
    id=1, at=NOW, purpose="join", number=b"n", address=b"a", ticket=b"t", code=b"c", sent=True, tries_left=CODE_TRIES
)


def window(*changes: dict[str, Any]) -> Window:
    return Window(msgspec.structs.replace(ASKING, id=number, **change) for number, change in enumerate(changes, 1))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([], None),
        ([{}], None),
        ([{}, {"address": b"b"}], "number"),
        ([{"number": b"x"}, {"number": b"y"}, {"number": b"z"}], "address"),
        ([{"number": b"x", "address": b"x"}] * 5, "budget"),
        ([{"number": b"x", "address": b"x", "sent": False}] * 4, None),
        ([{"number": b"x", "address": b"x", "sent": False}] * 5, "budget"),
        ([{"at": NOW - DAY_MS}] * 9, None),
        ([{"purpose": "reply", "address": b""}] * 4, None),
    ],
)
def test_limits_are_of_a_number_an_address_and_the_day(known: list[dict[str, Any]], expected: Refusal | None) -> None:
    """What happened a day ago counts no more; what sends nothing counts like the rest."""
    assert expected == window(*known).refusal(LIMITS, number=b"n", address=b"a", now=NOW)


def test_a_code_fits_once_and_wrong_ones_use_it_up() -> None:
    """The state after each try is what the journal keeps."""
    after, fits = tried(ASKING, b"c")
    assert (True, False) == (fits, after.is_open(NOW))
    asking = ASKING
    for _ in range(CODE_TRIES):
        assert asking.is_open(NOW)
        asking, fits = tried(asking, b"x")
        assert not fits
    assert not asking.is_open(NOW)


def test_a_ticket_is_good_while_its_code_is() -> None:
    """Ten minutes; a ticket without a code never."""
    known = window({}, {"ticket": b"u", "code": b""})
    assert known.of_ticket(b"t", NOW + CODE_VALID_MS) is not None
    assert known.of_ticket(b"t", NOW + CODE_VALID_MS + 1) is None
    assert [None, None, None] == [known.of_ticket(each, NOW) for each in (b"u", b"", b"?")]


def test_replies_to_a_number_come_to_an_end() -> None:
    """By word and in all; leaving is answered even when the day's budget is spent."""
    reply: dict[str, Any] = {"purpose": "reply", "address": b"", "word": "help"}
    known = window(reply)
    assert not known.may_reply(LIMITS, number=b"n", word="help", most=1, now=NOW)
    assert known.may_reply(LIMITS, number=b"n", word="info", most=6, now=NOW)
    assert not window(*[reply] * 3).may_reply(LIMITS, number=b"n", word="leave", most=2, now=NOW)
    spent = window(*[{"number": b"x"}] * 5)
    assert [True, False] == [
        spent.may_reply(LIMITS, number=b"n", word=word, most=2, now=NOW) for word in ("leave", "info")
    ]


def test_tries_are_counted_by_address_and_hour() -> None:
    """Whoever guesses is stopped; an hour later he may again, and others always."""
    known = window()
    assert [True] * 4 + [False] == [known.may_try(LIMITS, address=b"a", now=NOW) for _ in range(5)]
    assert known.may_try(LIMITS, address=b"b", now=NOW)
    assert known.may_try(LIMITS, address=b"a", now=NOW + 3_600_001)


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3_600_000 * 3), st.sampled_from([b"n", b"m", b"o"]), st.sampled_from([b"a", b"b"])),
        max_size=60,
    )
)
def test_no_order_of_requests_breaks_a_limit(steps: list[tuple[int, bytes, bytes]]) -> None:
    """In any 24 hours: never more codes to a number, forms from an address, or messages in all."""
    known, made, now = window(), [], NOW
    for number, (wait, phone, address) in enumerate(steps, 1):
        now += wait
        known.forget(now)
        if known.refusal(LIMITS, number=phone, address=address, now=now) is None:
            made.append(Asking(id=number, at=now, purpose="join", number=phone, address=address, sent=True))
            known.put(made[-1])
    for last in made:
        day = [each for each in made if last.at - DAY_MS < each.at <= last.at]
        assert len(day) <= LIMITS.messages
        assert sum(each.number == last.number for each in day) <= LIMITS.codes_per_number
        assert sum(each.address == last.address for each in day) <= LIMITS.requests_per_address
