"""What every channel promises, asked of each of them."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerting.channels.demo import DemoChannel
from alerting.channels.port import Accepted, Channel, Delivered, Message
from alerting.channels.twilio import TwilioChannel
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess

LONG_AGO = 60_000  # ms, when nothing can be on its way any more

Open = Callable[[], Channel]


@pytest.fixture(scope="module")
def twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioProcess]:
    log = tmp_path_factory.mktemp("twilio") / "posts.jsonl"
    with TwilioProcess(log, behaviour=Behaviour(step_s=None)) as process:
        yield process


@pytest.fixture(params=["demo", "twilio"])
def open_channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same channel again and again, as a process that restarts does."""
    opened: list[Channel] = []

    def demo() -> Channel:
        return DemoChannel(tmp_path / "messages.jsonl")

    def twilio() -> Channel:
        process: TwilioProcess = request.getfixturevalue("twilio")
        return TwilioChannel(
            account_sid=process.account_sid,
            auth_token=process.auth_token,
            from_number=process.from_number,
            api_base=process.base_url,
        )

    def remember() -> Channel:
        opened.append({"demo": demo, "twilio": twilio}[request.param]())
        return opened[-1]

    yield remember
    for channel in opened:
        channel.close()


def message(name: str, *, address: str = "+628111110001") -> Message:
    now = time.time_ns() // 1_000_000
    return Message(key=f"{name}-{now}", address=address, body=f"CONTOH BPBD: {name} {time.time_ns()}.", created_at=now)


def test_a_message_is_accepted_with_a_reference_and_never_called_delivered(open_channel: Open) -> None:
    """Acceptance is not delivery."""
    outcome = open_channel().send(message("satu"))
    assert isinstance(outcome, Accepted)
    assert outcome.reference


def test_what_was_sent_is_found_with_its_reference(open_channel: Open) -> None:
    """After a lost answer the channel says what became of the message."""
    channel, sent = open_channel(), message("dicari")
    outcome = channel.send(sent)
    assert outcome == channel.find(sent, attempted_at=sent.created_at)


def test_what_was_never_sent_is_certainly_absent(open_channel: Open) -> None:
    """None, and only None, allows the sender to send again without a doubt."""
    channel, other = open_channel(), message("lain")
    channel.send(other)
    never = message("tidak pernah")
    assert channel.find(never, attempted_at=never.created_at - LONG_AGO) is None


def test_two_messages_to_one_number_are_told_apart(open_channel: Open) -> None:
    """A warning and its all-clear go to the same officer."""
    channel = open_channel()
    messages = [message("naik"), message("turun")]
    outcomes = [channel.send(each) for each in messages]
    assert outcomes == [channel.find(each, attempted_at=each.created_at) for each in messages]
    assert outcomes[0] != outcomes[1]


def test_a_restart_forgets_nothing(open_channel: Open) -> None:
    """The process that looks a message up is not the one that sent it."""
    sent = message("sebelum mati")
    before = open_channel()
    outcome = before.send(sent)
    before.close()
    assert outcome == open_channel().find(sent, attempted_at=sent.created_at)


def test_threads_share_a_channel(open_channel: Open) -> None:
    """Each of many messages sent at once is accepted once, under a reference of its own."""
    channel = open_channel()
    messages = [message(f"serentak {number}", address=f"+6281111{number:05d}") for number in range(40)]
    with ThreadPoolExecutor(max_workers=max(2, channel.max_parallel)) as pool:
        outcomes = list(pool.map(channel.send, messages))
    references = {outcome.reference for outcome in outcomes if isinstance(outcome, Accepted)}
    assert len(references) == len(messages)
    found = [channel.find(each, attempted_at=each.created_at) for each in messages]
    assert outcomes == found


def test_every_character_of_the_alphabet_survives(open_channel: Open) -> None:
    """Quotes, ampersands, percent signs and the euro sign are text and not syntax."""
    channel = open_channel()
    odd = Message(
        key=f"aneh-{time.time_ns()}",
        address="+628111110002",
        body=f"Hati2 lumpur & listrik = 100% \"tepi\" 'Tapa'an' +/-40 [{{~|\\^}}] € é ñ {time.time_ns()}",
        created_at=time.time_ns() // 1_000_000,
    )
    outcome = channel.send(odd)
    assert isinstance(outcome, Accepted)
    assert outcome == channel.find(odd, attempted_at=odd.created_at)


def test_finding_changes_nothing(open_channel: Open) -> None:
    """Looking a message up twice gives the same outcome, and does not send."""
    channel, never = open_channel(), message("hanya dicari")
    answers = [channel.find(never, attempted_at=never.created_at - LONG_AGO) for _ in range(2)]
    assert answers == [None, None]


def test_no_outcome_claims_delivery_without_proof(open_channel: Open) -> None:
    """Neither channel has been told that a phone rang."""
    channel, sent = open_channel(), message("tanpa bukti")
    outcomes = [channel.send(sent), channel.find(sent, attempted_at=sent.created_at)]
    assert not any(isinstance(outcome, Delivered) for outcome in outcomes)
