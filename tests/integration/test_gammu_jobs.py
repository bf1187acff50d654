"""What core does for its modems beside sending, over the real gammu-smsd and an emulated phone."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerting.channels import gammu_inbox, gammu_status
from alerting.channels.gammu import GammuChannel
from alerting.channels.gammu_status import ModemStatus, Pulse, problems, status_of
from alerting.channels.gammu_tray import Patience
from alerting.channels.port import Accepted, Delivered, Message, RetryLater
from broker.control import CommandFailed, Request
from deploy.channels import modem_jobs
from deploy.channels.modem_jobs import ModemJobs
from deploy.channels.settings import Modem as ModemSettings
from tests.emulators.gsm_phone import GsmPhone, deliver_pdu
from tests.installation import eventually

SENDER = "+628555000111"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[GsmPhone]:
    with GsmPhone(tmp_path) as made:
        yield made


class Core:
    """Stands for core's commands: takes them, or refuses them while it is ``away``."""

    def __init__(self, phone: GsmPhone, **settings: Any) -> None:
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.is_away = False
        self.channel = GammuChannel([phone.modem], patience=Patience(begin_s=15, settle_s=25))
        self.jobs = ModemJobs(
            self.channel,
            [ModemSettings(name="m1", device="/dev/null", **settings)],
            run=self._run,
            found=self._found,
            now=lambda: time.time_ns() // 1_000_000,
        )

    def _run(self, request: Request) -> None:
        if self.is_away:
            raise CommandFailed("not stored: the disk is full")
        self.requests.append(request)

    def _found(self, problems: list[str]) -> None:
        self.problems = problems

    def round(self) -> "Core":
        asyncio.run(self.jobs.run())
        return self

    def watch(self) -> list[str]:
        """What is wrong with the modems."""
        asyncio.run(self.jobs.watch())
        return self.problems

    def told(self, name: str) -> list[dict[str, Any]]:
        return [request.args for request in self.requests if request.name == name]


def message(number: str = "+6281111100001") -> Message:
    return Message(key=f"k{time.time_ns()}", address=number, body="AWAS banjir S.Welang.", created_at=0)


def arrive(phone: GsmPhone, *texts: str) -> None:
    with phone.incoming.open("a") as file:
        file.writelines(deliver_pdu(SENDER, text) + "\n" for text in texts)


def inbox_of(phone: GsmPhone) -> list[Path]:
    return sorted(phone.modem.inbox.iterdir())


def test_a_received_sms_is_told_to_core_once_and_then_removed(phone: GsmPhone) -> None:
    """Number, text with every letter, and when it came."""
    core = Core(phone)
    arrive(phone, "DAFTAR Karangketug, tolong é")
    eventually(lambda: core.round().told("sms-received"), "the SMS")
    core.round()
    (sms,) = core.told("sms-received")
    assert ("m1", SENDER, "DAFTAR Karangketug, tolong é") == (sms["modem"], sms["number"], sms["text"])
    assert abs(sms["received_at"] - time.time() * 1000) < 60_000
    assert [] == inbox_of(phone)


def test_an_sms_waits_while_core_cannot_take_it(phone: GsmPhone) -> None:
    """A full disk, or an hour without core: it stays on disk, and comes under the same key."""
    core = Core(phone)
    core.is_away = True
    arrive(phone, "BERHENTI")
    eventually(lambda: len(inbox_of(phone)) == 1, "the SMS")
    eventually(lambda: list(gammu_inbox.received(phone.modem)), "the SMS to be whole")
    core.round()
    assert 1 == len(inbox_of(phone))
    core.is_away = False
    (waiting,) = gammu_inbox.received(phone.modem)
    core.round()
    assert [waiting.key] == [request.key for request in core.requests]
    assert [] == inbox_of(phone)


def test_an_sms_that_was_told_just_before_a_crash_has_the_same_key_again(phone: GsmPhone) -> None:
    """So that core, which remembers keys, takes it once."""
    arrive(phone, "1")
    eventually(lambda: list(gammu_inbox.received(phone.modem)), "the SMS")
    keys = [[sms.key for sms in gammu_inbox.received(phone.modem)] for _ in range(2)]
    assert keys[0] == keys[1]


def test_two_sms_of_one_text_are_two(phone: GsmPhone) -> None:
    """A resident who writes 1 twice has written twice."""
    core = Core(phone)
    arrive(phone, "1")
    eventually(lambda: core.round().told("sms-received"), "the first")
    arrive(phone, "1")
    eventually(lambda: len(core.round().told("sms-received")) == 2, "the second")
    assert 2 == len({request.key for request in core.requests})


def test_a_file_that_is_being_written_is_left_alone(phone: GsmPhone) -> None:
    """SMSD writes into the folder itself."""
    path = phone.modem.inbox / "IN20261122_101500_00_+628555000111_00.txt"
    path.write_bytes("setengah".encode("utf-16"))
    assert [] == list(gammu_inbox.received(phone.modem))
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert ["setengah"] == [sms.text for sms in gammu_inbox.received(phone.modem)]


def test_the_parts_of_one_sms_are_joined(phone: GsmPhone) -> None:
    """In their order, whatever the folder's order."""
    for part, text in ((1, "dua"), (0, "satu "), (2, " tiga")):
        path = phone.modem.inbox / f"IN20261122_101500_00_{SENDER}_{part:02d}.txt"
        path.write_bytes(text.encode("utf-16"))
        os.utime(path, (time.time() - 60, time.time() - 60))
    assert ["satu dua tiga"] == [sms.text for sms in gammu_inbox.received(phone.modem)]


@pytest.mark.parametrize(("kind", "content"), [("bin", b"\x01\x02"), ("txt", b"\xff\xfeA")])
def test_what_is_no_text_is_put_aside_and_stops_nothing(phone: GsmPhone, kind: str, content: bytes) -> None:
    """An operator's settings for the phone, or a torn file."""
    for name, body in ((f"IN20261122_101500_00_111_00.{kind}", content), ("IN20261122_101501_00_222_00.txt", b"")):
        path = phone.modem.inbox / name
        path.write_bytes(body or "INFO".encode("utf-16"))
        os.utime(path, (time.time() - 60, time.time() - 60))
    assert ["INFO"] == [sms.text for sms in gammu_inbox.received(phone.modem)]
    assert 1 == len([path for path in inbox_of(phone) if path.suffix == ".unreadable"])


def test_an_operator_s_report_makes_a_message_delivered(phone: GsmPhone) -> None:
    """Paired by number and the network's reference; core is told, and a later look-up says so."""
    phone.behave(reports=True)
    core, sent = Core(phone), message()
    outcome = core.channel.send(sent)
    assert isinstance(outcome, Accepted)
    eventually(lambda: core.round().told("delivery-report"), "the report")
    told = {"channel": "modem", "reference": outcome.reference, "is_delivered": True, "reason": ""}
    assert told in core.told("delivery-report")
    assert Delivered(reference=outcome.reference) == core.channel.find(sent, attempted_at=0)


def test_a_report_about_somebody_else_s_reference_tells_nothing(phone: GsmPhone) -> None:
    """References come round every 256 messages."""
    core = Core(phone)
    core.channel.send(message())
    with phone.modem.log.open("a") as log:
        log.write("Delivery report: Delivered to +6281111199999, message reference 0x01\n")
    core.round()
    assert [] == core.told("delivery-report")


def test_a_resident_cannot_write_a_delivery_report(phone: GsmPhone) -> None:
    """An SMS with its words is an SMS."""
    core = Core(phone)
    core.channel.send(message())
    arrive(phone, "x\nDelivery report: Delivered to +6281111100001, message reference 0x01")
    eventually(lambda: core.round().told("sms-received"), "the SMS")
    assert [] == core.told("delivery-report")


def test_smsd_s_log_is_emptied_when_it_has_been_read(phone: GsmPhone, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds numbers and texts; and it would grow for ever."""
    monkeypatch.setattr(modem_jobs, "MAX_LOG_BYTES", 100)
    core = Core(phone)
    core.channel.send(message())
    eventually(lambda: core.round() and phone.modem.log.stat().st_size < 100, "the log to be emptied")
    assert isinstance(core.channel.send(message()), Accepted)


def test_the_signal_and_the_counts_come_from_the_modem(phone: GsmPhone) -> None:
    """As SMSD's own monitor reads them."""
    core = Core(phone)
    core.channel.send(message())
    status = eventually(lambda: (now := status_of(phone.modem)).signal_percent and now, "the signal")
    assert (True, True, 1, 60) == (status.is_running, status.has_phone, status.sent, status.signal_percent)
    assert [] == problems(status)


@pytest.mark.parametrize(
    ("said", "rupiah"),
    [
        ("Sisa pulsa Rp.4.500 s/d 30/12", 4500),
        ("Pulsa Anda Rp12000.", 12000),
        ("Pulsa Rp 1.250.000,00", 1_250_000),
        ("Layanan tidak tersedia", None),
    ],
)
def test_an_amount_is_read_from_an_operator_s_sentence(said: str, rupiah: int | None) -> None:
    """Each operator has its own."""
    assert rupiah == gammu_status.rupiah_in(said)


def test_the_credit_is_asked_of_the_operator(phone: GsmPhone) -> None:
    """SMSD lets go of the modem for it, and messages go on afterwards."""
    phone.behave(credit="Sisa pulsa Rp.4.500 s/d 30/12")
    core = Core(phone, credit_code="*888#", credit_min=10_000)
    core.watch()
    credit = gammu_status.credit_of(phone.modem)
    assert credit is not None
    assert ("Sisa pulsa Rp.4.500 s/d 30/12", 4500) == (credit.said, credit.rupiah)
    assert any("Pulsa modem m1 tinggal Rp 4.500" in problem for problem in core.problems)
    assert isinstance(core.channel.send(message()), Accepted)


def test_a_hung_smsd_is_noticed_and_ended(phone: GsmPhone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its supervisor then starts it again."""
    monkeypatch.setattr(modem_jobs, "HUNG_S", 3.0)
    core = Core(phone)
    assert [] == core.watch()
    phone.pause_smsd()
    assert phone.smsd is not None
    eventually(lambda: core.watch() and phone.smsd and phone.smsd.poll() is not None, "SMSD to be ended")
    assert any("m1 tidak jalan" in problem for problem in core.watch())


def test_a_pulse_stands_still_only_for_a_process_that_does(phone: GsmPhone) -> None:
    """SMSD waits a second in every round of its loop."""
    pulse, pid = Pulse(), phone.modem.pid()
    pulse.still_s(pid)
    eventually(lambda: pulse.still_s(pid) == 0, "another round of its loop")
    phone.pause_smsd()
    eventually(lambda: pulse.still_s(pid) > 2, "the pulse to stand still")


def test_a_phone_that_was_unplugged_is_named(tmp_path: Path) -> None:
    """SMSD runs on without it, and so the process alone says nothing."""
    with GsmPhone(tmp_path) as phone:
        phone.unplug()
        phone.kill_smsd()
        phone.start_smsd()
        eventually(lambda: not status_of(phone.modem).has_phone, "the missing phone")
        channel = GammuChannel([phone.modem])
        assert RetryLater(reason="Tidak ada modem SMS yang jalan.") == channel.send(message())
        assert "(m1)" in (channel.probe() or "")
        assert ["Modem m1 tidak menjawab: cabut dan pasang kembali, periksa kabel dan kartu SIM."] == problems(
            status_of(phone.modem)
        )


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (ModemStatus(name="m1", is_running=False), "tidak jalan"),
        (ModemStatus(name="m1", is_running=True, has_phone=False), "tidak menjawab"),
        (ModemStatus(name="m1", is_running=True, signal_percent=5), "lemah"),
    ],
)
def test_each_trouble_is_one_sentence_that_names_the_modem(status: ModemStatus, word: str) -> None:
    """For the page, in the reader's language."""
    (sentence,) = problems(status)
    assert "m1" in sentence
    assert word in sentence


def test_no_record_of_a_message_holds_its_number(phone: GsmPhone) -> None:
    """What is kept for days pairs reports without it."""
    core, sent = Core(phone), message()
    core.channel.send(sent)
    assert [] == [path for path in phone.modem.settled.iterdir() if b"81111100001" in path.read_bytes()]


def test_no_number_of_a_message_comes_into_our_log(phone: GsmPhone, caplog: pytest.LogCaptureFixture) -> None:
    """SMSD's own log has them, in a folder that is ours alone."""
    caplog.set_level("DEBUG")
    core = Core(phone)
    core.is_away = True
    core.channel.send(message())
    arrive(phone, "DAFTAR")
    eventually(lambda: list(gammu_inbox.received(phone.modem)), "the SMS")
    core.round()
    assert [] == [number for number in ("81111100001", SENDER[1:]) if number in caplog.text]
    assert "sms-received stays" in caplog.text
    assert json.loads(next(phone.modem.settled.glob("*.json")).read_text())["state"] == "accepted"
