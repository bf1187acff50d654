"""The threads between outbox and channels: leases, and what becomes of a thread that never comes back."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from alerting.channels.port import Accepted, Message, Outcome, RetryLater, Unknown
from alerting.contacts import ContactKind
from alerting.messages import Attempt
from alerting.sender import Sender
from tests.outbox_world import T0, entry

WAIT_S = 60


class Slow:
    """A channel whose calls for named recipients wait until they are let go."""

    name = "sms"
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def __init__(self, *, max_parallel: int, held: set[str] | None = None) -> None:
        self.max_parallel = max_parallel
        self._held = held or set()
        self.may_go = threading.Event()
        self.calls: list[Message] = []

    def send(self, message: Message) -> Outcome:
        self.calls.append(message)
        if message.body == "bug":
            raise ZeroDivisionError
        if message.key.split("/")[2] in self._held:
            self.may_go.wait(WAIT_S)
        return Accepted(reference=message.key)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        assert attempted_at
        return None if message.address == "never" else Accepted(reference="found")

    def probe(self) -> str | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


class Room:
    """A sender over one channel, and the outcomes that it brings."""

    def __init__(self, channel: Slow, *, lease_s: float) -> None:
        self.channel = channel
        self._came: queue.SimpleQueue[tuple[str, Outcome | None, int]] = queue.SimpleQueue()
        self.sender = Sender({"sms": channel}, lambda *outcome: self._came.put(outcome), lease_s=lease_s)

    def carry(self, number: int, *, is_lookup: bool = False, body: str = "x", attempts: int = 1) -> None:
        each = replace(entry(number, state="sending"), body=body, attempts=attempts, attempted_at=T0)
        self.sender.carry(Attempt(each, is_lookup, f"+62812{number}"))

    def outcome(self) -> tuple[str, Outcome | None, int]:
        return self._came.get(timeout=WAIT_S)


@pytest.fixture
def new_room() -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(*, lease_s: float = WAIT_S, **options: Any) -> Room:
        rooms.append(Room(Slow(**options), lease_s=lease_s))
        return rooms[-1]

    yield make
    for room in rooms:
        room.channel.may_go.set()
        room.sender.close()


NewRoom = Callable[..., Room]


def test_the_address_of_the_attempt_is_where_it_goes(new_room: NewRoom) -> None:
    """Not the row's, which is masked; with the validity that is left, and the number of the attempt."""
    room = new_room(max_parallel=1)
    room.carry(1, attempts=3)
    assert ("a/1/p1/sms", Accepted(reference="a/1/p1/sms"), 3) == room.outcome()
    assert ("+628121", 1800) == (room.channel.calls[0].address, room.channel.calls[0].valid_for_s)


def test_a_question_does_not_wait_for_a_message(new_room: NewRoom) -> None:
    """They have threads of their own."""
    room = new_room(max_parallel=1, held={"p1"})
    room.carry(1)
    room.carry(2, is_lookup=True)
    assert ("a/1/p2/sms", Accepted(reference="found"), 1) == room.outcome()


def test_a_channels_bug_leaves_the_message_in_doubt(new_room: NewRoom) -> None:
    """And the next one is sent all the same."""
    room = new_room(max_parallel=1)
    room.carry(1, body="bug")
    assert isinstance(room.outcome()[1], Unknown)
    room.carry(2)
    assert isinstance(room.outcome()[1], Accepted)


def test_a_thread_that_never_comes_back_is_given_up_and_replaced(new_room: NewRoom) -> None:
    """After the lease the message is in doubt, and what waited behind it is sent by a new thread."""
    room = new_room(max_parallel=1, held={"p1"}, lease_s=0.5)
    room.carry(1)
    key, outcome, attempt = room.outcome()
    assert ("a/1/p1/sms", 1) == (key, attempt)
    assert isinstance(outcome, Unknown)
    room.carry(2)
    assert ("a/1/p2/sms", Accepted(reference="a/1/p2/sms"), 1) == room.outcome()


def test_what_it_brings_in_the_end_is_told_too(new_room: NewRoom) -> None:
    """An acceptance ends the doubt, however late."""
    room = new_room(max_parallel=1, held={"p1"}, lease_s=0.5)
    room.carry(1, attempts=2)
    assert isinstance(room.outcome()[1], Unknown)
    room.channel.may_go.set()
    assert ("a/1/p1/sms", Accepted(reference="a/1/p1/sms"), 2) == room.outcome()


def test_what_no_thread_began_with_certainly_did_not_leave(new_room: NewRoom) -> None:
    """Behind a thread that is stuck: to be tried again, without a doubt, and not sent by it later."""
    room = new_room(max_parallel=1, held={"p1"}, lease_s=0.5)
    room.carry(1)
    room.carry(2)
    outcomes = dict([room.outcome()[:2] for _ in range(2)])
    assert isinstance(outcomes["a/1/p1/sms"], Unknown)
    assert isinstance(outcomes["a/1/p2/sms"], RetryLater)
    room.channel.may_go.set()
    assert isinstance(room.outcome()[1], Accepted)
    room.carry(3)
    assert "a/1/p3/sms" == room.outcome()[0]
    assert ["a/1/p1/sms", "a/1/p3/sms"] == [call.key for call in room.channel.calls]
