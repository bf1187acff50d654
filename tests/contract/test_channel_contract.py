"""What every channel promises, asked of each of them: the real programs and protocols at the other end."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from alerting.channels import apprise_probe, apprise_target
from alerting.channels.apprise_channel import AppriseChannel
from alerting.channels.demo import DemoChannel
from alerting.channels.gammu import GammuChannel
from alerting.channels.port import Accepted, Channel, Delivered, Message
from alerting.channels.twilio import TwilioChannel
from tests.emulators.gsm_phone import GsmPhone
from tests.emulators.mail_server import MailServer
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.emulators.web_receiver import WebReceiver

LONG_AGO = 60_000  # ms, when nothing can be on its way any more

Open = Callable[[], Channel]


@pytest.fixture(scope="module")
def twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioProcess]:
    log = tmp_path_factory.mktemp("twilio") / "posts.jsonl"
    with TwilioProcess(log, behaviour=Behaviour(step_s=None)) as process:
        yield process


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GsmPhone]:
    """A real gammu-smsd over Gammu's own phone that is none."""
    with GsmPhone(tmp_path_factory.mktemp("phone"), is_dummy=True) as process:
        yield process


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as server:
        yield server


@dataclass(frozen=True, kw_only=True)
class Way:
    """A channel, opened again and again as a process that restarts does, and an address of it by number."""

    open: Open
    address: Callable[[int], str]


def _demo(_: pytest.FixtureRequest, folder: Path) -> Way:
    return Way(open=lambda: DemoChannel(folder / "messages.jsonl"), address=lambda n: f"+6281111{n:05d}")


def _twilio(request: pytest.FixtureRequest, _: Path) -> Way:
    process: TwilioProcess = request.getfixturevalue("twilio")

    def open_twilio() -> Channel:
        return TwilioChannel(
            account_sid=process.account_sid,
            auth_token=process.auth_token,
            from_number=process.from_number,
            api_base=process.base_url,
        )

    return Way(open=open_twilio, address=lambda n: f"+6281111{n:05d}")


def _modem(request: pytest.FixtureRequest, _: Path) -> Way:
    phone: GsmPhone = request.getfixturevalue("phone")
    return Way(open=lambda: GammuChannel([phone.modem]), address=lambda n: f"+6281111{n:05d}")


def _email(request: pytest.FixtureRequest, folder: Path) -> Way:
    mail: MailServer = request.getfixturevalue("mail")
    server = mail.settings()

    def open_email() -> Channel:
        return AppriseChannel(
            name="email",
            takes="email",
            target=apprise_target.email(server),
            probe=lambda: apprise_probe.email(server),
            folder=folder,
        )

    return Way(open=open_email, address=lambda n: f"petugas{n}@kota.example")


def _webhook(request: pytest.FixtureRequest, folder: Path) -> Way:
    web: WebReceiver = request.getfixturevalue("web")
    return Way(
        open=lambda: AppriseChannel(name="webhook", takes="url", target=apprise_target.webhook, folder=folder),
        address=lambda n: f"{web.url}/petugas/{n}",
    )


WAYS = {"demo": _demo, "twilio": _twilio, "modem": _modem, "email": _email, "webhook": _webhook}


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    return WAYS[request.param](request, tmp_path)


@pytest.fixture
def open_channel(way: Way) -> Iterator[Open]:
    opened: list[Channel] = []

    def remember() -> Channel:
        opened.append(way.open())
        return opened[-1]

    yield remember
    for channel in opened:
        channel.close()


MakeMessage = Callable[..., Message]


@pytest.fixture
def message(way: Way) -> MakeMessage:
    def make(name: str, *, number: int = 1) -> Message:
        now = time.time_ns() // 1_000_000
        body = f"CONTOH BPBD: {name} {time.time_ns()}."
        return Message(key=f"{name}-{now}", address=way.address(number), body=body, created_at=now)

    return make


def test_a_message_is_accepted_with_a_reference_and_never_called_delivered(
    open_channel: Open, message: MakeMessage
) -> None:
    """Acceptance is not delivery."""
    outcome = open_channel().send(message("satu"))
    assert isinstance(outcome, Accepted)
    assert outcome.reference


def test_no_reference_holds_the_address(open_channel: Open, message: MakeMessage) -> None:
    """References stand in the journal, where no address may."""
    sent = message("rujukan")
    outcome = open_channel().send(sent)
    assert isinstance(outcome, Accepted)
    assert sent.address.lstrip("+") not in outcome.reference


def test_what_was_sent_is_found_with_its_reference(open_channel: Open, message: MakeMessage) -> None:
    """After a lost answer the channel says what became of the message."""
    channel, sent = open_channel(), message("dicari")
    outcome = channel.send(sent)
    assert outcome == channel.find(sent, attempted_at=sent.created_at)


def test_what_was_never_sent_is_certainly_absent(open_channel: Open, message: MakeMessage) -> None:
    """None, and only None, allows the sender to send again without a doubt."""
    channel, other = open_channel(), message("lain")
    channel.send(other)
    never = message("tidak pernah")
    assert channel.find(never, attempted_at=never.created_at - LONG_AGO) is None


def test_two_messages_to_one_number_are_told_apart(open_channel: Open, message: MakeMessage) -> None:
    """A warning and its all-clear go to the same officer."""
    channel = open_channel()
    messages = [message("naik"), message("turun")]
    outcomes = [channel.send(each) for each in messages]
    assert outcomes == [channel.find(each, attempted_at=each.created_at) for each in messages]
    assert outcomes[0] != outcomes[1]


def test_a_restart_forgets_nothing(open_channel: Open, message: MakeMessage) -> None:
    """The process that looks a message up is not the one that sent it."""
    sent = message("sebelum mati")
    before = open_channel()
    outcome = before.send(sent)
    before.close()
    assert outcome == open_channel().find(sent, attempted_at=sent.created_at)


def test_threads_share_a_channel(open_channel: Open, message: MakeMessage) -> None:
    """Each of many messages sent at once is accepted once, under a reference of its own."""
    channel = open_channel()
    count = 40 if channel.max_parallel > 1 or channel.name == "demo" else 5  # a modem carries one after the other
    messages = [message(f"serentak {number}", number=number) for number in range(count)]
    with ThreadPoolExecutor(max_workers=max(2, channel.max_parallel)) as pool:
        outcomes = list(pool.map(channel.send, messages))
    references = {outcome.reference for outcome in outcomes if isinstance(outcome, Accepted)}
    assert len(references) == len(messages)
    found = [channel.find(each, attempted_at=each.created_at) for each in messages]
    assert outcomes == found


def test_every_character_of_the_alphabet_survives(open_channel: Open, way: Way) -> None:
    """Quotes, ampersands, percent signs and the euro sign are text and not syntax."""
    channel = open_channel()
    odd = Message(
        key=f"aneh-{time.time_ns()}",
        address=way.address(2),
        body=f"Hati2 lumpur & listrik = 100% \"tepi\" 'Tapa'an' +/-40 [{{~|\\^}}] € é ñ {time.time_ns()}",
        created_at=time.time_ns() // 1_000_000,
    )
    outcome = channel.send(odd)
    assert isinstance(outcome, Accepted)
    assert outcome == channel.find(odd, attempted_at=odd.created_at)


def test_finding_changes_nothing(open_channel: Open, message: MakeMessage) -> None:
    """Looking a message up twice gives the same outcome, and does not send."""
    channel, never = open_channel(), message("hanya dicari")
    answers = [channel.find(never, attempted_at=never.created_at - LONG_AGO) for _ in range(2)]
    assert answers == [None, None]


def test_no_outcome_claims_delivery_without_proof(open_channel: Open, message: MakeMessage) -> None:
    """No channel has been told that a phone rang."""
    channel, sent = open_channel(), message("tanpa bukti")
    outcomes = [channel.send(sent), channel.find(sent, attempted_at=sent.created_at)]
    assert not any(isinstance(outcome, Delivered) for outcome in outcomes)


def test_a_probe_of_what_works_finds_nothing_wrong(open_channel: Open) -> None:
    """It asks without sending."""
    assert open_channel().probe() is None
