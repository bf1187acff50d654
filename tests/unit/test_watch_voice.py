"""A watch's voice: until somebody took the message, the newest one, and what a keeper's channel cannot do."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerting.channels.port import Accepted, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.contacts import ContactKind
from deploy.state_folder import StateFolderUnusable
from deploy.watch import own_channels, voice
from deploy.watch.memory import NAME, WatchMemory
from deploy.watch.own_channels import OwnChannels
from deploy.watch.settings import Keeper
from deploy.watch.standing import Standing
from deploy.watch.voice import Text, Voice

WAIT_S = 60.0
KEEPER = Keeper(name="TI", channel="email", to="ti@kota.example")
BUSY, LOST = RetryLater(reason="sibuk"), Unknown(reason="terputus")


class Mail:
    """A channel that answers what it is given, one after the other, then takes everything."""

    name = "email"
    takes: ContactKind = "email"
    max_parallel = 1
    rate_per_s: float | None = None

    def __init__(self, *outcomes: Outcome | Exception, found: Outcome | None = None) -> None:
        self.outcomes, self.found = list(outcomes), found
        self.sent: list[str] = []
        self.problem: str | None = None
        self.probed: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.may_go = threading.Event()
        self.may_go.set()

    def send(self, message: Message) -> Outcome:
        self.may_go.wait(WAIT_S)
        self.sent.append(message.body)
        outcome = self.outcomes.pop(0) if self.outcomes else Accepted(reference="1")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        assert message.key == "watch/pengawas/1/TI"
        assert attempted_at
        return self.found

    def probe(self) -> str | None:
        self.probed.put(None)
        return self.problem

    def close(self) -> None:
        """Nothing is open."""


class Post:
    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self._taken: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self.voice = Voice("pengawas", [KEEPER], {"email": mail}, lambda *each: self._taken.put(each))

    def say(self, number: int, body: str) -> None:
        self.voice.say("TI", Text(number=number, body=body, at=1))

    def taken(self) -> tuple[str, int]:
        return self._taken.get(timeout=WAIT_S)


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Post]]:
    for name, seconds in (("FIRST_RETRY_S", 0.05), ("LAST_RETRY_S", 0.2), ("SETTLE_S", 0.01)):
        monkeypatch.setattr(voice, name, seconds)
    made: list[Post] = []
    yield made
    for post in made:
        post.mail.may_go.set()
        post.voice.close()


def post_of(posts: list[Post], mail: Mail) -> Post:
    posts.append(Post(mail))
    return posts[-1]


def test_a_text_is_tried_until_it_is_taken(posts: list[Post]) -> None:
    """Also through a channel's own bug; what was wrong is over then."""
    post = post_of(posts, Mail(BUSY, ZeroDivisionError(), BUSY))
    post.say(1, "a")
    assert ("TI", 1) == post.taken()
    assert ["a"] * 4 == post.mail.sent
    assert {} == post.voice.problems()


def test_a_text_that_may_have_arrived_is_looked_up_and_not_repeated(posts: list[Post]) -> None:
    """The provider has it: once. When nobody can say, twice and no more."""
    known = post_of(posts, Mail(LOST, found=Accepted(reference="1")))
    known.say(1, "a")
    assert ("TI", 1) == known.taken()
    assert ["a"] == known.mail.sent
    never = post_of(posts, Mail(LOST, LOST, LOST, found=LOST))
    never.say(1, "b")
    assert ("TI", 1) == never.taken()
    assert ["b", "b"] == never.mail.sent
    assert {"email": "terputus"} == never.voice.problems()


def test_a_refused_text_is_not_tried_again_and_the_channel_is_named(posts: list[Post]) -> None:
    """A wrong address: until a text is taken again."""
    post = post_of(posts, Mail(Rejected(reason="alamat salah")))
    post.say(1, "a")
    assert ("TI", 1) == post.taken()
    assert {"email": "alamat salah"} == post.voice.problems()
    post.say(2, "b")
    assert ("TI", 2) == post.taken()
    assert {} == post.voice.problems()


def test_a_newer_text_takes_the_place_of_one_that_waits(posts: list[Post]) -> None:
    """While one is under way two come: the first of them is never said."""
    post = post_of(posts, Mail())
    post.mail.may_go.clear()
    post.say(1, "a")
    post.say(2, "b")
    post.say(3, "c")
    post.mail.may_go.set()
    while post.taken() != ("TI", 3):
        continue
    assert "c" == post.mail.sent[-1]
    assert "b" not in post.mail.sent


def test_an_own_channel_is_out_of_order_when_it_was_found_so_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once is chance."""
    monkeypatch.setattr(own_channels, "EVERY_S", 0.05)
    monkeypatch.setattr(own_channels, "SOON_S", 0.05)
    mail = Mail()
    mail.problem = "ditolak"
    found = OwnChannels({"email": mail})
    deadline = time.monotonic() + WAIT_S
    try:
        while found.problems() != {"email": "ditolak"}:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert mail.probed.qsize() >= 2
        mail.problem = None
        while found.problems():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        found.close()


def test_a_standing_is_read_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    """One file, for its owner alone."""
    folder = tmp_path / "state"
    memory = WatchMemory(folder)
    assert Standing() == memory.standing
    standing = Standing(kind="core", since=1, numbered=2, owed={"TI": (2, "teks")}, own_told=("email",))
    memory.keep(standing)
    assert standing == WatchMemory(folder).standing
    assert 0o600 == (folder / NAME).stat().st_mode & 0o777
    (folder / NAME).write_text("{")
    with pytest.raises(StateFolderUnusable, match="remove it"):
        WatchMemory(folder)


def test_a_disk_that_cannot_be_written_does_not_silence_the_watch(tmp_path: Path) -> None:
    """It goes on from memory."""
    memory = WatchMemory(tmp_path / "state")
    (tmp_path / "state").rmdir()
    memory.keep(Standing(kind="core"))
    memory.keep(Standing(kind="broker"))
    assert "broker" == memory.standing.kind
