"""Messages in core with a real journal and two channels: reports, moves, crashes, and what a row says of a person."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerting.channels.port import Accepted, Delivered, RetryLater, Undelivered, Unknown
from alerting.contacts import contact
from alerting.messages import Attempt, Entry, key_of
from alerting.recipient_tables import row_of
from alerting.recipients import Recipient
from deploy.assembly import core_of
from deploy.channels.views import channel_problems, channel_views
from deploy.core import Core
from deploy.journal import Journal
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock
from tests.notice_post import T0, Room

SETTINGS = '[site]\nname = "Uji"\n[channels]\ndemo = true\n'
NUMBER = "+6281234567890"


class Post:
    """Core's other side: it keeps what is to be carried, and core can be killed and opened again."""

    is_connected = True

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text(SETTINGS)
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder)
        self.state.prepare()
        SetClock.time = T0
        self.carried: list[Attempt] = []
        self.core = self._open()

    def _open(self) -> Core:
        sms, demo = Room(), Room()
        sms.name = "sms"
        core = core_of(self.settings, self.state, SetClock(), channels={"sms": sms, "demo": demo})
        core.link = core.sender = self
        return core

    def crash(self) -> None:
        self.core.journal.close()
        self.carried.clear()
        self.core = self._open()

    def carry(self, attempt: Attempt) -> None:
        self.carried.append(attempt)

    def acknowledge(self, arrivals: object) -> None:
        """Nothing arrives."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""

    def person(self, number: str = NUMBER) -> str:
        core = self.core
        made = Recipient(
            id=f"p{core.journal.take_ids()}",
            kind="resident",
            name_sealed=core.directory.vault.seal("Siti"),
            contacts=(contact(core.directory.vault, "phone", number),),
        )
        core.directory.put(made)
        core.group.recipients[made.id] = row_of(made)
        return made.id

    def queue(self, recipient: str, *, count: int = 1, public: bool = False) -> list[Entry]:
        """Messages about as many alerts, by the first channel."""
        core, made = self.core, []
        for _ in range(count):
            number = core.journal.take_ids()
            alert = f"welang.level.{number}"
            made.append(
                Entry(
                    id=number,
                    rev=number,
                    key=key_of(alert, 1, recipient, "sms"),
                    alert=alert,
                    version=1,
                    recipient=recipient,
                    address=NUMBER,
                    channel="sms",
                    body="AWAS",
                    priority=200 if public else 8,
                    state="queued",
                    attempts=0,
                    created_at=SetClock.time,
                    observed_at=None,
                    valid_until=SetClock.time + 1_800_000,
                    next_at=SetClock.time,
                    public=public,
                )
            )
            core.sending.queue(core.group, made[-1])
        return made

    def turn(self, after_ms: int = 0) -> list[Attempt]:
        """What leaves in a turn, so much later."""
        SetClock.time += after_ms
        self.carried.clear()
        self.core.turn()
        return list(self.carried)

    def rows(self) -> list[tuple[str, str, str | None]]:
        query = "SELECT channel, state, moved_to FROM outbox ORDER BY id"
        return [(channel, state, moved) for channel, state, moved in self.core.journal.connection.execute(query)]

    def accepted(self) -> Entry:
        """A message that the provider took as SM1."""
        (entry,) = self.queue(self.person())
        (attempt,) = self.turn()
        self.core.sending.outcome(attempt.entry.key, Accepted(reference="SM1"), attempt.entry.attempts)
        self.turn()
        return entry


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.core.journal.close()


def test_no_file_of_the_journal_has_the_number(post: Post) -> None:
    """It is in the attempt alone; the row and the screens have it masked."""
    post.queue(post.person())
    (attempt,) = post.turn()
    assert (NUMBER, "+62********890") == (attempt.address, attempt.entry.address)
    written = b"".join(path.read_bytes() for path in post.state.root.glob("journal.db*"))
    assert NUMBER[3:].encode() not in written
    assert b"+62********890" in written


def test_a_changed_number_is_used_at_once_and_an_erased_person_gets_nothing(post: Post) -> None:
    """Also by messages that waited already."""
    moved, erased = post.person(), post.person()
    post.queue(moved, public=True)
    post.queue(erased, public=True)
    directory = post.core.directory
    known = directory.get(moved)
    assert known is not None
    directory.put(replace(known, contacts=(contact(directory.vault, "phone", "+6281200000077"),)))
    directory.remove(erased)
    assert ["+6281200000077"] == [attempt.address for attempt in post.turn()]
    assert [("sms", "sending", None), ("sms", "dead", None)] == post.rows()


def test_a_report_finds_its_message_by_the_providers_reference(post: Post) -> None:
    """Accepted becomes delivered, once; a late contradiction changes nothing."""
    post.accepted()
    post.core.sending.delivery("sms", "SM1", Delivered(reference="SM1"))
    post.turn(5_000)
    post.core.sending.delivery("sms", "SM1", Undelivered(reason="mati"))
    post.turn(5_000)
    assert [("sms", "delivered", None)] == post.rows()
    at = post.core.journal.connection.execute("SELECT settled_at, changed_at FROM outbox").fetchone()
    assert (T0, T0 + 5_000) == at


def test_a_report_after_a_restart_finds_its_message(post: Post) -> None:
    """It is in the journal, no longer in memory."""
    post.accepted()
    post.crash()
    post.core.sending.delivery("sms", "SM1", Delivered(reference="SM1"))
    post.turn()
    assert [("sms", "delivered", None)] == post.rows()


def test_a_report_that_overtakes_its_acceptance_is_kept(post: Post) -> None:
    """The provider's call back was faster than its answer."""
    post.queue(post.person())
    (attempt,) = post.turn()
    post.core.sending.delivery("sms", "SM1", Delivered(reference="SM1"))
    post.turn()
    assert [("sms", "sending", None)] == post.rows()
    post.core.sending.outcome(attempt.entry.key, Accepted(reference="SM1"))
    post.turn()
    assert [("sms", "delivered", None)] == post.rows()


def test_an_undelivered_officers_message_goes_by_the_next_channel(post: Post) -> None:
    """Its first row says that it was not delivered, the second is a message of its own."""
    post.accepted()
    post.core.sending.delivery("sms", "SM1", Undelivered(reason="Telepon mati", code="30003"))
    assert [("demo", NUMBER)] == [(attempt.entry.channel, attempt.address) for attempt in post.turn()]
    assert [("sms", "undelivered", None), ("demo", "sending", None)] == post.rows()


def test_a_crash_in_the_middle_of_a_move_neither_loses_nor_doubles(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both rows are of one transaction: before it the message waits, after it only the new one does."""
    person = post.person()
    post.queue(person, count=6, public=True)
    for attempt in post.turn():
        post.core.sending.outcome(attempt.entry.key, RetryLater(reason="500"))
    monkeypatch.setattr(Journal, "write", _fails)
    with pytest.raises(MemoryError):
        post.turn(250)
    assert any(entry.moved_to for entry in post.core.group.messages.values())
    monkeypatch.undo()
    post.crash()
    keys: list[str] = []
    for _ in range(40):
        for attempt in post.turn(1_000):
            outcome = RetryLater(reason="500") if attempt.entry.channel == "sms" else Accepted(reference="x")
            if attempt.entry.channel == "demo":
                keys.append(attempt.entry.alert)
            post.core.sending.outcome(attempt.entry.key, outcome)
    assert 6 == len(keys) == len(set(keys))
    states = sorted((channel, state) for channel, state, _ in post.rows())
    assert [("demo", "accepted")] * 6 + [("sms", "dead")] * 6 == states


def _fails(_journal: Journal, _group: object) -> None:
    raise MemoryError("killed before the commit")


def test_a_move_in_doubt_survives_a_restart(post: Post) -> None:
    """The first row is only asked about; the second is sent."""
    post.queue(post.person())
    (attempt,) = post.turn()
    post.core.sending.outcome(attempt.entry.key, Unknown(reason="time-out"))
    post.turn(10_000)
    (lookup,) = post.turn(3_050)
    assert lookup.is_lookup
    post.core.sending.outcome(lookup.entry.key, Unknown(reason="time-out"))
    assert ["demo"] == [each.entry.channel for each in post.turn(10_000)]
    post.crash()
    seen = []
    for _ in range(20):
        for each in post.turn(1_000):
            seen.append((each.entry.channel, each.is_lookup))
            post.core.sending.outcome(each.entry.key, None if each.is_lookup else Accepted(reference="x"))
    assert {("demo", True), ("sms", True)} == set(seen[:2])
    assert [("demo", False)] == seen[2:]
    assert [("sms", "dead", "demo"), ("demo", "accepted", None)] == post.rows()


def test_a_stopping_core_claims_nothing_more(post: Post) -> None:
    """What would be claimed then nobody would carry, and be in doubt after the next start."""
    post.queue(post.person())
    post.core.sending.is_stopping = True
    assert [] == post.turn()
    post.crash()
    assert [False] == [attempt.is_lookup for attempt in post.turn()]


def test_ten_thousand_open_messages_do_not_hold_a_start_up(post: Post) -> None:
    """Read back, and the first turn claims the most urgent."""
    person = post.person()
    post.queue(person, count=10_000, public=True)
    post.core.sending.is_stopping = True
    post.turn()
    began = time.process_time()
    post.crash()
    (urgent,) = post.queue(person)
    attempts = post.turn()
    spent_s = time.process_time() - began
    assert urgent.key == attempts[0].entry.key
    assert 10_001 == len(post.core.memory.outbox.open)
    assert spent_s < 3  # 0.2 s on the machine that it was written on


def test_health_says_which_channel_stands_still_and_for_how_long_the_others_take(post: Post) -> None:
    """A sentence with what the probe found, and a number where there is a pace."""
    post.queue(post.person(), count=9, public=True)
    for _ in range(2):
        for attempt in post.turn(9_000):
            outcome = RetryLater(reason="500") if attempt.entry.channel == "sms" else Accepted(reference="x")
            post.core.sending.outcome(attempt.entry.key, outcome)
        post.core.sending.probed("sms", "Twilio tidak dapat dipakai.")
    post.turn()
    views = {view.name: view for view in channel_views(post.core.sending)}
    assert ("stalled", "works") == (views["sms"].state, views["demo"].state)
    assert views["sms"].remaining_s is None
    (problem,) = channel_problems(post.core.sending)
    assert problem.startswith("Saluran sms tidak mengirim")
    assert "Twilio tidak dapat dipakai" in problem
