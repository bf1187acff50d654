"""The channel of GSM modems over the real gammu-smsd, with emulated phones whose logs are the oracle."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alerting.channels.gammu import GammuChannel
from alerting.channels.gammu_tray import Patience, Tray, backup_of
from alerting.channels.port import Accepted, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.channels.sent_ledger import tag_of
from tests.emulators.gsm_phone import GsmPhone
from tests.installation import eventually

SHORT = Patience(begin_s=15, settle_s=25)
TIGHT = Patience(begin_s=30, settle_s=6)  # where a test waits for an answer that never comes
HASTY = Patience(begin_s=6, settle_s=30)  # where it waits for a message that is never begun

Phones = Callable[..., GsmPhone]


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    made: list[GsmPhone] = []

    def make(name: str = "m1", *, rate: float = 3000.0, is_dummy: bool = False) -> GsmPhone:
        made.append(GsmPhone(tmp_path, name, rate=rate, is_dummy=is_dummy))
        made[-1].start()
        return made[-1]

    yield make
    for phone in made:
        phone.close()


def message(number: int = 1, *, body: str = "AWAS banjir S.Welang.", key: str = "") -> Message:
    now = time.time_ns() // 1_000_000
    return Message(key=key or f"a/1/p{number}/modem", address=f"+62811111{number:05d}", body=body, created_at=now)


def begun(phone: GsmPhone, sent: Message) -> bool:
    return phone.modem.said(tag_of(sent)).is_begun


def test_a_message_that_the_network_took_is_accepted_and_arrives_as_written(phones: Phones) -> None:
    """The network has it once, and no file with its number is left in the hand-over."""
    phone = phones()
    sent = message()
    outcome = GammuChannel([phone.modem], patience=SHORT).send(sent)
    assert Accepted(reference=f"m1/{tag_of(sent)}") == outcome
    assert [sent.address] == phone.numbers()
    assert phone.modem.waiting() == 0


@pytest.mark.parametrize(
    ("cms", "kind"), [(38, RetryLater), (500, RetryLater), (42, RetryLater), (1, Rejected), (28, Rejected)]
)
def test_a_refusal_of_the_network_is_told_apart_by_its_code(phones: Phones, cms: int, kind: type) -> None:
    """What may pass is tried later, a number that does not exist is not; neither left."""
    phone = phones()
    phone.behave(mode="error", cms=cms)
    channel, sent = GammuChannel([phone.modem], patience=SHORT), message()
    assert isinstance(channel.send(sent), kind)
    assert channel.find(sent, attempted_at=sent.created_at) is None
    assert phone.modem.waiting() == 0


def test_smsd_never_repeats_a_failed_message_by_itself(phones: Phones) -> None:
    """Its service by files would try for ever; here one hand-over is one try, also with core gone."""
    phone = phones()
    phone.behave(mode="error", cms=38)
    sent = message()
    phone.modem.put(tag_of(sent), backup_of(sent, with_report=True))
    eventually(lambda: phone.modem.place(tag_of(sent)) == "failed", "the failed message put aside")
    phone.behave(mode="ok")
    other = message(2)
    GammuChannel([phone.modem], patience=SHORT).send(other)
    assert [other.address] == phone.numbers()


def test_a_network_that_takes_and_does_not_answer_leaves_the_fate_open(phones: Phones) -> None:
    """Nobody knows, so nobody claims to; and the phone was asked once."""
    phone = phones()
    phone.behave(mode="lost")
    channel, sent = GammuChannel([phone.modem], patience=TIGHT), message()
    assert isinstance(channel.send(sent), Unknown)
    assert isinstance(channel.find(sent, attempted_at=sent.created_at), Unknown)
    assert [sent.address] == phone.numbers()


def test_a_message_sent_again_after_doubt_is_found_as_accepted(phones: Phones) -> None:
    """The better of two fates counts."""
    phone = phones()
    phone.behave(mode="lost")
    sent = message()
    assert isinstance(GammuChannel([phone.modem], patience=TIGHT).send(sent), Unknown)
    phone.kill_smsd()
    phone.behave(mode="ok")
    phone.start_smsd()
    channel = GammuChannel([phone.modem], patience=SHORT)
    assert isinstance(channel.send(sent), Accepted)
    assert isinstance(channel.find(sent, attempted_at=sent.created_at), Accepted)


@pytest.mark.parametrize("address", ["08123456789", "+0812", "", "+62 812", "bukan nomor"])
def test_what_is_no_number_never_reaches_a_modem(phones: Phones, address: str) -> None:
    """SMSD itself sends to anything."""
    phone = phones()
    bad = Message(key="k", address=address, body="AWAS", created_at=0)
    assert Rejected(reason="Nomor tujuan tidak sah untuk SMS.") == GammuChannel([phone.modem]).send(bad)


@pytest.mark.parametrize(
    ("body", "fits"), [("x" * 160, True), ("x" * 161, False), ("{" * 81, False), ("水" * 71, False)]
)
def test_a_text_is_one_part_or_is_refused(phones: Phones, body: str, fits: bool) -> None:
    """A second part may come alone, or never."""
    phone = phones(is_dummy=True)
    outcome = GammuChannel([phone.modem], patience=SHORT).send(message(body=body))
    assert fits == isinstance(outcome, Accepted)
    assert fits != isinstance(outcome, Rejected)


def test_without_a_running_smsd_nothing_is_handed_over(phones: Phones) -> None:
    """Certain: another way may be taken at once. The probe says it, too."""
    phone = phones()
    channel = GammuChannel([phone.modem])
    assert channel.probe() is None
    phone.kill_smsd()
    assert RetryLater(reason="Tidak ada modem SMS yang jalan.") == channel.send(message())
    assert "m1" in (channel.probe() or "")


def test_what_a_dead_smsd_left_is_not_sent_when_it_comes_back(phones: Phones) -> None:
    """It may be an hour old by then, or have left before the crash."""
    phone = phones()
    phone.kill_smsd()
    old = message()
    phone.modem.put(tag_of(old), backup_of(old, with_report=True))
    phone.start_smsd()
    new = message(2)
    channel = GammuChannel([phone.modem], patience=SHORT)
    assert isinstance(channel.send(new), Accepted)
    assert [new.address] == phone.numbers()
    assert channel.find(old, attempted_at=old.created_at) is None


def test_a_crash_of_core_after_the_hand_over_is_settled_by_the_look_up(phones: Phones) -> None:
    """The new process finds what the old one handed over, waits for it, and does not send it again."""
    phone = phones()
    sent = message()
    phone.modem.put(tag_of(sent), backup_of(sent, with_report=True))
    found = GammuChannel([phone.modem], patience=SHORT).find(sent, attempted_at=sent.created_at)
    assert Accepted(reference=f"m1/{tag_of(sent)}") == found
    assert [sent.address] == phone.numbers()


def test_an_smsd_killed_while_the_phone_sends_leaves_the_fate_open(phones: Phones) -> None:
    """The phone had it; the network may or may not."""
    phone = phones()
    phone.behave(delay_s=6)
    channel, sent = GammuChannel([phone.modem], patience=SHORT), message()
    outcomes: list[Outcome] = []
    sending = threading.Thread(target=lambda: outcomes.append(channel.send(sent)))
    sending.start()
    eventually(lambda: begun(phone, sent), "the message to be begun")
    phone.kill_smsd()
    sending.join()
    assert [Unknown] == [type(outcome) for outcome in outcomes]


def test_a_hung_smsd_gives_its_message_back_and_another_modem_takes_it(phones: Phones) -> None:
    """It was withdrawn before it was begun, so it leaves once."""
    first, second = phones("m1"), phones("m2")
    channel = GammuChannel([first.modem, second.modem], patience=HASTY)
    first.pause_smsd()
    sent = message()
    outcomes = [channel.send(sent)]
    while not isinstance(outcomes[-1], Accepted) and len(outcomes) < 6:
        outcomes.append(channel.send(sent))
    first.kill_smsd()
    first.start_smsd()
    assert isinstance(outcomes[-1], Accepted)
    assert [sent.address] == first.numbers() + second.numbers()


def carry(channel: GammuChannel, sent: Message, doubts: Counter[str]) -> None:
    """What core's outbox does with one message: again what was certainly not taken, once more what is in doubt."""
    deadline = time.monotonic() + 90
    outcome: Outcome | None = channel.send(sent)
    while not isinstance(outcome, Accepted) and time.monotonic() < deadline:
        if isinstance(outcome, Unknown):
            doubts[sent.address] += 1
            outcome = channel.find(sent, attempted_at=sent.created_at)
            if isinstance(outcome, Accepted):
                return
        time.sleep(0.1)
        outcome = channel.send(sent)
    assert isinstance(outcome, Accepted)


def test_a_modem_that_dies_in_mid_queue_loses_nothing_and_doubles_nothing(phones: Phones) -> None:
    """The other modem takes over; a number is served twice only when its message was in doubt."""
    first, second = phones("m1"), phones("m2")
    channel = GammuChannel([first.modem, second.modem], patience=SHORT)
    queue, doubts = [message(number) for number in range(16)], Counter[str]()
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not queue:
                    return
                sent = queue.pop(0)
            carry(channel, sent, doubts)

    workers = [threading.Thread(target=work) for _ in range(channel.max_parallel)]
    for worker in workers:
        worker.start()
    eventually(lambda: len(first.sent()) >= 3, "some messages through the first modem")
    first.kill_smsd()
    for worker in workers:
        worker.join()
    sent = Counter(first.numbers() + second.numbers())
    assert {message(number).address for number in range(16)} == set(sent)
    assert all(count <= 1 + doubts[number] for number, count in sent.items())


def test_messages_are_spread_and_no_modem_goes_faster_than_its_pace(phones: Phones) -> None:
    """At twenty a minute each, four messages take the two of them three seconds at least."""
    first, second = phones("m1", rate=20), phones("m2", rate=20)
    channel = GammuChannel([first.modem, second.modem], patience=SHORT)
    began = time.monotonic()
    with_threads = [threading.Thread(target=channel.send, args=(message(number),)) for number in range(4)]
    for thread in with_threads:
        thread.start()
    for thread in with_threads:
        thread.join()
    assert time.monotonic() - began >= 3
    assert 4 == len(first.sent() + second.sent())
    assert first.sent()
    assert second.sent()


def test_the_modem_s_own_files_hold_no_number_in_their_names(phones: Phones) -> None:
    """Names of files come into logs, command lines and listings."""
    phone = phones()
    sent = message()
    GammuChannel([phone.modem], patience=SHORT).send(sent)
    names = [str(path) for path in phone.modem.folder.rglob("*")]
    assert [] == [name for name in names if sent.address.lstrip("+") in name]


def test_all_that_a_modem_holds_is_its_owner_s_alone(phones: Phones) -> None:
    """Numbers and texts lie there for a while."""
    assert 0o700 == phones().modem.folder.stat().st_mode & 0o777


def test_two_modems_of_one_name_are_refused(phones: Phones) -> None:
    """They would share a folder."""
    modem = phones(is_dummy=True).modem
    with pytest.raises(ValueError, match="a name of its own"):
        GammuChannel([modem, modem])


def test_a_tray_gives_back_what_a_full_disk_refused(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was handed over, so it may go elsewhere."""
    phone = phones(is_dummy=True)
    phone.modem.path("outbox", "x").parent.rename(phone.modem.folder / "gone")
    outcome = Tray(phone.modem, patience=SHORT, now=lambda: 0).send(message())
    assert isinstance(outcome, RetryLater)
    (phone.modem.folder / "gone").rename(phone.modem.folder / "outbox")
