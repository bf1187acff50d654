"""Bounded queues: a watcher that does not keep up is let go."""

import asyncio

import pytest

from alerting.web import fanout
from alerting.web.fanout import Fanout


def test_everybody_gets_the_same_bytes_and_a_waiting_watcher_gets_them_at_once() -> None:
    """Frames that wait are handed over as one piece, in order."""

    async def play() -> list[bytes | None]:
        house = Fanout()
        one, other = house.join(b"first "), house.join(b"first ")
        assert one is not None
        assert other is not None
        house.publish(b"second")
        return [await one.next_bytes(), await other.next_bytes()]

    assert [fanout.HELLO + b"first second"] * 2 == asyncio.run(play())


def test_a_slow_watcher_is_dropped_and_the_others_go_on() -> None:
    """The queue's bound is the limit; the drop is counted."""

    async def play() -> tuple[bool, bool, int, int]:
        house = Fanout()
        slow, quick = house.join(b""), house.join(b"")
        assert slow is not None
        assert quick is not None
        for _ in range(fanout.QUEUE + 5):
            house.publish(b"x")
            await quick.next_bytes()
        return slow.is_over, quick.is_over, house.dropped, len(slow.waiting)

    assert (True, False, 1, fanout.QUEUE) == asyncio.run(play())


def test_a_full_house_and_a_closing_one_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of watchers is bounded."""
    monkeypatch.setattr(fanout, "MAX_WATCHERS", 1)

    async def play() -> list[bool]:
        house = Fanout()
        answers = [house.join(b"") is None, house.join(b"") is None]
        house.close()
        return [*answers, house.join(b"") is None]

    assert [False, True, True] == asyncio.run(play())
