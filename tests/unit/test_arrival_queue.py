"""Readings of now overtake the backlog; nothing is lost, taken twice, or acknowledged out of turn."""

from hypothesis import given
from hypothesis import strategies as st

from deploy.arrival import Arrival
from deploy.arrival_queue import SHORT, SLICE, ArrivalQueue


def arrival(mid: int, size: int, qos: int = 1) -> Arrival:
    return Arrival(b"ews/v1/a/obs", b"x" * size, mid, qos, False, 1)


def mids(arrivals: object) -> list[int]:
    return [each.mid for each in arrivals]  # type: ignore[attr-defined]


def test_little_passes_as_it_came() -> None:
    """A calm evening: no message waits, and each is acknowledged at once."""
    queue = ArrivalQueue()
    came = [arrival(1, 100), arrival(2, 5000), arrival(3, 100)]
    assert [1, 2, 3] == mids(queue.take(came))
    assert not queue
    assert [1, 2, 3] == mids(queue.answer(came))


def test_a_reading_of_now_does_not_wait_for_the_backlog() -> None:
    """It is taken in its own turn; its PUBACK waits for those that came before it."""
    queue = ArrivalQueue()
    first = queue.take([arrival(mid, 5000) for mid in range(1, 101)])
    assert SLICE <= sum(len(each.payload) for each in first) < SLICE + 5000
    assert mids(first) == mids(queue.answer(first))
    second = queue.take([arrival(101, 100)])
    assert 101 == second[0].mid
    assert 101 not in mids(queue.answer(second))
    answered = mids(first) + mids(second)[1:]
    while queue:
        answered += mids(queue.answer(queue.take([])))
    assert list(range(1, 102)) == answered


def test_a_lost_connection_takes_all_of_it_along() -> None:
    """The broker sends it again, under message ids that begin anew."""
    queue = ArrivalQueue()
    queue.take([arrival(mid, 5000) for mid in range(1, 101)])
    queue.clear()
    assert not queue
    again = [arrival(1, 100)]
    assert again == queue.take(again)
    assert [1] == mids(queue.answer(again))


@given(
    st.lists(st.lists(st.tuples(st.sampled_from((50, SHORT, SHORT + 1, 8000)), st.sampled_from((0, 1))), max_size=30))
)
def test_everything_is_taken_once_and_acknowledged_in_order(turns: list[list[tuple[int, int]]]) -> None:
    """Whatever comes, in whichever sizes: short ones at once, long ones in their order, PUBACKs as they came."""
    queue, number = ArrivalQueue(), 0
    came: list[Arrival] = []
    taken: list[Arrival] = []
    answered: list[Arrival] = []
    for turn in turns:
        batch = []
        for size, qos in turn:
            number += 1
            batch.append(arrival(number, size, qos))
        came += batch
        now = queue.take(batch)
        assert {each.mid for each in batch if len(each.payload) <= SHORT} <= {each.mid for each in now}
        taken += now
        answered += queue.answer(now)
    while queue:
        now = queue.take([])
        taken += now
        answered += queue.answer(now)
    assert mids(came) == sorted(mids(taken))
    assert [each.mid for each in came if each.qos] == [each.mid for each in answered if each.qos]
    long = [each.mid for each in taken if len(each.payload) > SHORT]
    assert sorted(long) == long
