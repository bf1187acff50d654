"""Recipients and the messages that wait for them: a new number is used at once, an erased person gets nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerting.channels.port import Accepted, Message, Outcome
from alerting.contacts import ContactKind
from alerting.outbox import Attempt
from broker.control import Request
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock

T0 = 1_795_410_000_000
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei"}
WELANG = {"id": "welang", "name": "Welang", "datum_m": 6.5, "kelurahan": ["Karangketug"], "thresholds": LIMITS}


class Room:
    """A channel of which core asks only how much it carries at once; the wire stands in for the rest."""

    name = "demo"
    max_parallel = 1
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def send(self, message: Message) -> Outcome:
        raise AssertionError(message)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        raise AssertionError(message, attempted_at)

    def probe(self) -> str | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


class Post:
    """One core with two officers of the journal, and what leaves it."""

    is_connected = True

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text('[site]\nname = "Uji"\n[channels]\ndemo = true\n')
        state = StateFolder(folder / "s")
        state.prepare()
        state.broker.mkdir()
        SetClock.time = T0
        self.left: list[Attempt] = []
        self.core = core_of(load(folder / "k.toml"), state, SetClock(), channels={"demo": Room()})
        self.core.link = self.core.sender = self
        self.commands = Commands(self.core, credentials_of(state), lambda: True)
        self.ask("station-put", stations=[WELANG], mode="import", reason="uji")
        entries = [
            {"kind": "officer", "name": f"Petugas {n}", "contacts": {"phone": f"+628130000000{n}"}} for n in (1, 2)
        ]
        steps = self.ask("recipient-put", entries=entries, consent_how="uji")["steps"]
        self.first, self.second = (str(step["id"]) for step in steps)

    def acknowledge(self, arrivals: Any) -> None:
        """Nothing is redelivered."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""

    def carry(self, attempt: Attempt) -> None:
        self.left.append(attempt)

    def ask(self, command: str, /, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="cli:uji"))

    def raise_alert(self) -> None:
        self.ask("alert-raise", scope="welang", level="AWAS", by="Rini", note="air di gang")

    def settle_all(self, outcome: Outcome) -> None:
        """The provider answers; the next turn claims what waited for room."""
        for attempt in list(self.left):
            self.core.sending.outcome(attempt.entry.key, outcome)
        self.core.turn()

    def row(self, recipient: str) -> tuple[Any, ...]:
        query = "SELECT state, reason, address FROM outbox WHERE recipient = ?"
        found: tuple[Any, ...] = self.core.journal.connection.execute(query, (recipient,)).fetchone()
        return found


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.core.journal.close()


def test_a_message_leaves_to_the_number_and_its_row_holds_the_mask(post: Post) -> None:
    """The journal never sees the number; the sender does."""
    post.raise_alert()
    assert [(post.first, "+6281300000001")] == [(each.entry.recipient, each.address) for each in post.left]
    assert "+62********001" == post.row(post.first)[2] == post.left[0].entry.address


def test_a_number_that_changes_while_the_message_waits_is_used(post: Post) -> None:
    """The second officer's message waits for room at the channel meanwhile."""
    post.raise_alert()
    post.ask("recipient-change", who=post.second, set={"contacts": {"phone": "+6281399999999"}})
    post.settle_all(Accepted(reference="r1"))
    assert [(post.second, "+6281399999999")] == [(each.entry.recipient, each.address) for each in post.left[1:]]


def test_a_message_that_waits_for_an_erased_person_never_leaves(post: Post) -> None:
    """It is dead, and says why in a sentence."""
    post.raise_alert()
    post.ask("recipient-erase", who=post.second, reason="pindah")
    post.settle_all(Accepted(reference="r1"))
    assert [post.first] == [each.entry.recipient for each in post.left]
    state, reason, _ = post.row(post.second)
    assert "dead" == state
    assert reason.startswith("Penerima sudah dihapus")


def test_who_watches_does_not_see_an_erased_person_any_more(post: Post) -> None:
    """The live page calls him by id only, for those who watch already and for those who come later."""
    post.raise_alert()
    watching = post.core.hub.follow(post.core.journal.last_id)
    post.ask("recipient-erase", who=post.first, reason="pindah")
    post.core.turn()
    seen = b"".join(watching.frames.get_nowait() for _ in range(watching.frames.qsize()))
    assert f"{post.first} (sudah dihapus)".encode() in seen
    later = post.core.hub.follow(0)
    shown = b"".join(later.frames.get_nowait() for _ in range(later.frames.qsize()))
    assert b"Petugas 2" in shown
    assert b"Petugas 1" not in shown
    assert b"********001" not in shown
