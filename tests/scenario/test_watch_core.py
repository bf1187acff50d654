"""A watch's beats in core, over a real journal, outbox and sender's threads: what comes back, and what does not."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting.channels.port import Accepted, Message, Outcome, RetryLater
from alerting.contacts import ContactKind
from alerting.sender import Sender
from broker import orders
from broker.control import CommandFailed, Request
from broker.topics import topic
from deploy.alerts.archive import AlertArchive
from deploy.arrival import Arrival
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.live.shown import recent_messages
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock
from tests.notice_post import T0

WAIT_S = 60.0
SETTINGS = (
    '[site]\nname = "Uji"\n[channels]\ndemo = true\n[[officers]]\nname = "Petugas TI"\nphone = "+6281234567890"\n'
)


class Provider:
    """A channel; ``problem`` is what its probe finds, and while it is ``held`` no call comes back."""

    takes: ContactKind = "phone"
    rate_per_s: float | None = None
    max_parallel = 1

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: str | None = None
        self.free = threading.Event()
        self.free.set()
        self.sent: list[Message] = []

    def send(self, message: Message) -> Outcome:
        self.free.wait(WAIT_S)
        self.sent.append(message)
        return Accepted(reference=message.key) if self.problem is None else RetryLater(reason=self.problem)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        raise AssertionError(message, attempted_at)

    def probe(self) -> str | None:
        self.free.wait(WAIT_S)
        return self.problem

    def close(self) -> None:
        """Nothing is open."""


class Post:
    """Core with a real sender; ``told`` is what it published. Its clock moves by what ``turn`` is given."""

    is_connected = True

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text(SETTINGS)
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self.state.broker.mkdir()
        SetClock.time = T0
        self.sms, self.demo = Provider("sms"), Provider("demo")
        self.told: list[tuple[str, bytes]] = []
        self.seq = 0
        self.open()
        self.key = self.ask("watch-new", watch="pengawas", keeper="Petugas TI")["order_key"]

    def open(self) -> None:
        channels = {"sms": self.sms, "demo": self.demo}
        self.core = core_of(self.settings, self.state, SetClock(), channels=channels)
        self._came: queue.SimpleQueue[tuple[str, Outcome | None, int]] = queue.SimpleQueue()
        self.sender = Sender(channels, lambda *each: self._came.put(each))
        self.core.link = self
        self.core.sender = self.sender
        self.commands = Commands(self.core, credentials_of(self.state), lambda: True)

    def close(self) -> None:
        self.sms.free.set()
        self.demo.free.set()
        self.sender.close()
        self.core.journal.close()

    def acknowledge(self, arrivals: object) -> None:
        """The broker's own word."""

    def publish(self, topic: str, payload: bytes) -> None:
        self.told.append((topic, payload))

    def ask(self, name: str, /, **arguments: Any) -> Any:
        return self.commands.run(Request(name=name, args=arguments, actor="uji"))

    def beat(self, *, node: str = "pengawas", after_ms: int = 20_000, fault: str = "", **series: float) -> int:
        """One beat, taken in a turn; its number."""
        self.seq += 1
        SetClock.time += after_ms
        said: dict[str, Any] = {"v": 1, "boot": 7, "seq": self.seq, "t": SetClock.time, "s": {"beat": 1, **series}}
        if fault:
            said["s"]["own_channel"], said["fault"] = None, {"own_channel": fault}
        name = topic("ews", node, "obs").encode()
        self.core.turn([Arrival(name, msgspec.json.encode(said), 1, 1, False, 1)])
        return self.seq

    def settle(self, count: int) -> None:
        """Take so many outcomes from the threads, then turn."""
        for _ in range(count):
            self.core.sending.outcome(*self._came.get(timeout=WAIT_S))
        self.core.turn()

    def is_quiet(self) -> bool:
        time.sleep(0.1)
        return self._came.empty()

    def answers(self) -> list[dict[str, Any]]:
        """What was answered since the last call, unsealed with the watch's key."""
        name = topic("ews", "pengawas", "cmd")
        found = [orders.unseal(self.key, where, payload) for where, payload in self.told if where == name]
        self.told.clear()
        return found


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.close()


def test_a_beat_is_answered_when_every_channel_has_it_back(post: Post) -> None:
    """Not by core's loop alone: only after the sender's threads and the commit; the row is used again."""
    number = post.beat()
    assert [topic("ews", "pengawas", "ack")] == [where for where, _ in post.told]
    assert [] == post.answers()
    post.settle(2)
    (answer,) = post.answers()
    assert (7, number, {"sms": None, "demo": None}) == (answer["boot"], answer["seq"], answer["ways"])
    assert ["sms", "demo"] == answer["all"]
    post.beat()
    post.settle(2)
    assert number + 1 == post.answers()[0]["seq"]
    rows = post.core.journal.connection.execute("SELECT alert, state FROM outbox").fetchall()
    assert [("beat/pengawas", "delivered")] * 2 == rows
    assert [] == post.sms.sent
    assert [] == recent_messages(post.core.journal)
    assert [] == AlertArchive(post.state.journal).watch(T0 - 1000, T0 + 86_400_000, ()).tally


def test_a_sender_that_hangs_answers_for_the_other_channel_alone(post: Post) -> None:
    """And for none when both do; what was held comes back with the beat that it left with."""
    post.sms.free.clear()
    first = post.beat()
    post.settle(1)
    assert [{"demo": None}] == [answer["ways"] for answer in post.answers()]
    post.demo.free.clear()
    post.beat()
    post.beat()
    assert post.is_quiet()
    post.core.turn()
    assert [] == post.answers()
    post.sms.free.set()
    post.settle(1)
    assert [(first, {"sms": None})] == [(answer["seq"], answer["ways"]) for answer in post.answers()]


def test_a_probe_that_finds_something_is_told_and_moves_no_breaker(post: Post) -> None:
    """The channel stands as the messages left it; a beat leaves by a stalled one too."""
    post.sms.problem = "Akun tidak aktif."
    for _ in range(8):
        post.beat()
        post.settle(2)
    assert {"sms": "Akun tidak aktif.", "demo": None} == post.answers()[-1]["ways"]
    lane = post.core.sending.outbox.lanes["sms"]
    assert (True, 0) == (lane.breaker.is_closed, lane.busy)
    for _ in range(10):
        lane.breaker.failed(SetClock.time)
    assert lane.is_stalled
    post.sms.problem = None
    post.beat()
    post.settle(2)
    assert {"sms": None, "demo": None} == post.answers()[-1]["ways"]


def test_nothing_is_answered_while_the_journal_cannot_be_written(post: Post) -> None:
    """The chain ends on the disk; when there is room again, the next beat says so."""
    post.core.failed_write, post.core._next_write = "disk full", time.monotonic() + WAIT_S
    post.beat()
    post.settle(2)
    assert [] == post.told
    post.core._next_write = 0.0
    post.beat()
    post.settle(2)
    assert post.beat() - 1 in [answer["seq"] for answer in post.answers()]


def test_a_restart_forgets_beats_under_way(post: Post) -> None:
    """What the last run was sending is over, is looked up nowhere, and the next beat goes its way."""
    post.sms.free.clear()
    post.beat()
    post.core.journal.close()
    post.sms.free.set()
    post.sender.close()
    post.open()
    post.core.turn()
    number = post.beat()
    post.settle(2)
    assert [{"sms": None, "demo": None}] == [each["ways"] for each in post.answers() if each["seq"] == number]


def test_one_real_message_a_day_goes_to_the_keeper(post: Post) -> None:
    """However often it is asked for; what became of it stands in the answers."""
    for count in (3, 2, 2):
        post.beat(daily=1)
        for _ in range(count):  # the message leaves when its channel has room
            post.settle(1)
    assert ["ok"] == list({answer["daily"] for answer in post.answers()[-1:]})
    (message,) = post.demo.sent
    assert "+6281234567890" == message.address
    assert "UJI HARIAN" in message.body
    assert "bukan peringatan" in message.body
    post.beat(after_ms=86_400_000, daily=1)
    for _ in range(3):
        post.settle(1)
    assert 2 == len(post.demo.sent)


def test_the_board_says_when_a_watch_is_silent_or_mute(post: Post) -> None:
    """Three minutes after its last beat; a text of its own is cut and has no control characters."""
    assert [] == post.core.beats.problems()
    post.beat(fault="email: \x1b[31mditolak\n" + "x" * 400)
    (said,) = post.core.beats.problems()
    assert "tidak dapat memakai salurannya sendiri (email: [31mditolak x" in said
    assert len(said) < 260
    post.beat()
    assert [] == post.core.beats.problems()
    SetClock.time += 181_000
    (said,) = post.core.beats.problems()
    assert said.startswith("Pengawas pengawas tidak terlihat sejak ")
    assert [True] == [each["is_silent"] for each in post.ask("watch-list")]


def test_a_watch_is_no_node_and_a_node_no_watch(post: Post) -> None:
    """Ids are of one kind for good; a retired watch is a stranger."""
    for name, arguments, words in (
        ("node-new", {"node": "pengawas", "station": "welang"}, "is, or was, a watch"),
        ("watch-new", {"watch": "pengawas"}, "exists"),
        ("watch-new", {"watch": "core"}, "reserved"),
        ("watch-new", {"watch": "dua", "keeper": "siapa"}, "no recipient"),
        ("watch-retire", {"watch": "dua", "reason": "x"}, "no watch"),
    ):
        with pytest.raises(CommandFailed, match=words):
            post.ask(name, **arguments)
    post.ask("watch-retire", watch="pengawas", reason="uji")
    post.beat()
    assert [] == post.told
    assert ["node pengawas is not known here"] == [each["reason"][:31] for each in post.ask("deadletters")]
    with pytest.raises(CommandFailed, match="never used again"):
        post.ask("watch-new", watch="pengawas", replace=True)


def test_beats_in_a_burst_are_carried_once(post: Post) -> None:
    """A stolen credential keeps no provider busy, and is acknowledged like anybody."""
    post.beat()
    post.settle(2)
    for _ in range(5):
        post.beat(after_ms=10)
    assert post.is_quiet()
    post.core.turn()
    assert 6 == len([1 for where, _ in post.told if where.endswith("/ack")])
