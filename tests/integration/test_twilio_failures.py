"""What the Twilio channel makes of everything that a provider and a network may do."""

import datetime as dt
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

import pytest

from alerting.channels.port import Accepted, Delivered, Message, Rejected, RetryLater, Unknown
from alerting.channels.twilio import TwilioChannel
from tests.emulators.twilio_account import Fault
from tests.emulators.twilio_process import TwilioProcess

NUMBER = "+628123456789"
SHORT_S = 1.0  # time-out where a test waits for one
LATER_MS = 60_000

MakeChannel = Callable[..., TwilioChannel]


@pytest.fixture
def make_channel(twilio: TwilioProcess) -> Iterator[MakeChannel]:
    made: list[TwilioChannel] = []

    def make(**changes: Any) -> TwilioChannel:
        options: dict[str, Any] = {
            "account_sid": twilio.account_sid,
            "auth_token": twilio.auth_token,
            "from_number": twilio.from_number,
            "api_base": twilio.base_url,
            "timeout_s": 5.0,
        }
        made.append(TwilioChannel(**(options | changes)))
        return made[-1]

    yield make
    for channel in made:
        channel.close()


@pytest.fixture
def channel(make_channel: MakeChannel) -> TwilioChannel:
    return make_channel()


def message(*, address: str = NUMBER, body: str = "CONTOH BPBD: AWAS BANJIR S. Welang, 18:40 WIB.") -> Message:
    return Message(key="alert-1/1/officer-1/twilio", address=address, body=body, created_at=now_ms(), valid_for_s=1200)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+15005550001", "21211"),
        ("+15005550002", "21612"),
        ("+15005550003", "21408"),
        ("+15005550004", "21610"),
        ("+15005550009", "21614"),
        ("0812", "21211"),
    ],
)
def test_a_recipient_who_cannot_be_reached_is_rejected(channel: TwilioChannel, number: str, code: str) -> None:
    """The code stands beside the sentence, the number nowhere."""
    outcome = channel.send(message(address=number))
    assert isinstance(outcome, Rejected)
    assert code == outcome.code
    assert number not in outcome.reason


def test_an_invalid_sender_is_rejected(make_channel: MakeChannel) -> None:
    """21212 is about the From number."""
    outcome = make_channel(from_number="+15005550001").send(message())
    assert isinstance(outcome, Rejected)
    assert outcome.code == "21212"


def test_a_sender_without_sms_is_for_a_person_to_mend(make_channel: MakeChannel) -> None:
    """A code that is about our account does not kill the message."""
    outcome = make_channel(from_number="+15005550007").send(message())
    assert isinstance(outcome, RetryLater)
    assert "21606" in outcome.reason


def test_a_full_queue_of_the_sender_is_retried_later(make_channel: MakeChannel) -> None:
    """21611 passes as the provider's queue drains."""
    assert isinstance(make_channel(from_number="+15005550008").send(message()), RetryLater)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, 20003), (403, 20003), (403, 70051)],
)
def test_a_refused_credential_says_so(channel: TwilioChannel, twilio: TwilioProcess, status: int, code: int) -> None:
    """A person repairs a credential; the messages wait for it."""
    twilio.fail("error", status=status, code=code)
    outcome = channel.send(message())
    assert isinstance(outcome, RetryLater)
    assert "kredensial" in outcome.reason


def test_a_wrong_token_is_a_refused_credential(make_channel: MakeChannel, twilio: TwilioProcess) -> None:
    """The emulator checks the credential as Twilio does, before anything is logged as a message."""
    outcome = make_channel(auth_token="x" * 32).send(message())
    assert isinstance(outcome, RetryLater)
    assert "kredensial" in outcome.reason
    assert twilio.posts() == []


@pytest.mark.parametrize("status", [500, 501, 503])
def test_a_provider_in_trouble_is_retried_later(channel: TwilioChannel, twilio: TwilioProcess, status: int) -> None:
    """And when the trouble is over the message goes out."""
    twilio.fail("error", status=status, times=1)
    first, second = channel.send(message()), channel.send(message())
    assert isinstance(first, RetryLater)
    assert isinstance(second, Accepted)


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_without_an_answer_proves_nothing(channel: TwilioChannel, twilio: TwilioProcess, status: int) -> None:
    """A proxy that lost its backend does not know whether the backend took the message."""
    twilio.fail("error", status=status)
    assert isinstance(channel.send(message()), Unknown)


@pytest.mark.parametrize(("header", "after_s"), [("7", 7.0), ("0", 0.0), (None, None), ("segera", None), ("-3", None)])
def test_the_provider_says_when_to_come_back(
    channel: TwilioChannel, twilio: TwilioProcess, header: str | None, after_s: float | None
) -> None:
    """Retry-After is passed on in seconds; what is no number of seconds is left to the sender."""
    twilio.fail("error", status=429, code=20429, retry_after=header)
    outcome = channel.send(message())
    assert isinstance(outcome, RetryLater)
    assert after_s == outcome.after_s


def test_a_date_to_come_back_is_understood(channel: TwilioChannel, twilio: TwilioProcess) -> None:
    """Retry-After may be a date."""
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    twilio.fail("error", status=503, retry_after=format_datetime(at, usegmt=True))
    outcome = channel.send(message())
    assert isinstance(outcome, RetryLater)
    assert outcome.after_s == pytest.approx(30, abs=3)


def test_more_than_the_rate_is_slowed_down(channel: TwilioChannel, twilio: TwilioProcess) -> None:
    """Beyond a message a second the emulator answers 429, and the refused one is not taken."""
    twilio.behave(rate=1.0, step_s=None)
    outcomes = [channel.send(message(body=f"nomor {number}")) for number in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Accepted, RetryLater, RetryLater]
    assert [post.status for post in twilio.posts()] == [201, 429, 429]


@pytest.mark.parametrize("kind", ["hang", "reset", "garbage"])
def test_a_message_taken_without_an_answer_is_unknown_and_then_found(
    make_channel: MakeChannel, twilio: TwilioProcess, kind: str
) -> None:
    """The provider took it and the answer was lost: it is not sent again, and its receipt is found."""
    channel, sent = make_channel(timeout_s=SHORT_S), message()
    twilio.behave(fault=Fault(kind=kind, accept=True), step_s=None)
    assert isinstance(channel.send(sent), Unknown)
    twilio.behave(step_s=None)
    found = channel.find(sent, attempted_at=sent.created_at)
    assert isinstance(found, Accepted)
    assert [post.sid for post in twilio.posts()] == [found.reference]


@pytest.mark.parametrize("kind", ["hang", "reset", "garbage"])
def test_a_message_lost_with_the_answer_is_unknown_and_then_certainly_absent(
    make_channel: MakeChannel, twilio: TwilioProcess, kind: str
) -> None:
    """Only after it was looked up in vain may it be sent again."""
    sent = message()
    channel = make_channel(timeout_s=SHORT_S, now=lambda: sent.created_at + LATER_MS)
    twilio.fail(kind, accept=False)
    assert isinstance(channel.send(sent), Unknown)
    twilio.behave(step_s=None)
    assert channel.find(sent, attempted_at=sent.created_at) is None
    assert len(twilio.posts()) == 1


def test_a_hanging_provider_costs_no_more_than_the_time_out(make_channel: MakeChannel, twilio: TwilioProcess) -> None:
    """Bounded in time, so that the other messages get their turn."""
    channel = make_channel(timeout_s=SHORT_S)
    twilio.fail("hang")
    start = time.monotonic()
    channel.send(message())
    assert SHORT_S <= time.monotonic() - start < SHORT_S + 3  # the emulator hangs for ever


def test_a_slow_answer_is_still_an_answer(channel: TwilioChannel, twilio: TwilioProcess) -> None:
    """Within the time-out nothing is unknown."""
    twilio.fail("slow", delay_s=0.3)
    assert isinstance(channel.send(message()), Accepted)


def test_a_provider_that_is_not_there_took_nothing(channel: TwilioChannel, twilio: TwilioProcess) -> None:
    """Connection refused is certain; when the provider is back the message goes out once."""
    twilio.kill()
    refused = channel.send(message())
    assert refused == RetryLater(reason="Twilio tidak terhubung: sambungan ditolak.")
    twilio.start()
    assert isinstance(channel.send(message()), Accepted)
    assert len(twilio.posts()) == 1


def test_a_name_that_does_not_resolve_took_nothing(make_channel: MakeChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    """No DNS, no request."""

    def no_dns(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_dns)
    outcome = make_channel(api_base="https://api.example").send(message())
    assert outcome == RetryLater(reason="Twilio tidak terhubung: alamat tidak ditemukan (DNS).")


def test_a_restarted_provider_costs_no_uncertainty(channel: TwilioChannel, twilio: TwilioProcess) -> None:
    """The kept connection is dead; that is noticed before anything is sent on it."""
    assert isinstance(channel.send(message(body="sebelum")), Accepted)
    twilio.kill()
    twilio.start()
    assert isinstance(channel.send(message(body="sesudah")), Accepted)
    assert [post.body for post in twilio.posts()] == ["sebelum", "sesudah"]


@pytest.mark.parametrize("kind", ["error", "garbage", "reset", "hang"])
def test_a_provider_that_cannot_be_asked_leaves_the_fate_open(
    make_channel: MakeChannel, twilio: TwilioProcess, kind: str
) -> None:
    """A failed look-up is never taken for absence."""
    channel, sent = make_channel(timeout_s=SHORT_S), message()
    channel.send(sent)
    twilio.fail(kind, method="GET")
    assert isinstance(channel.find(sent, attempted_at=sent.created_at - LATER_MS), Unknown)


@pytest.mark.parametrize("body", ["", "{}", "[]", "{", '"SM1"', '{"sid": null}'])
def test_a_success_without_a_receipt_is_unknown(channel: TwilioChannel, twilio: TwilioProcess, body: str) -> None:
    """Accepted needs a sid: without one there is nothing to prove it by."""
    twilio.fail("garbage", body=body)
    assert isinstance(channel.send(message()), Unknown)


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"messages": null}', '{"messages": [1]}', '{"messages": {}, "a": 1}']
)
def test_a_list_of_another_shape_leaves_the_fate_open(channel: TwilioChannel, twilio: TwilioProcess, body: str) -> None:
    """An unreadable list is not an empty list."""
    twilio.fail("garbage", method="GET", body=body)
    sent = message()
    assert isinstance(channel.find(sent, attempted_at=sent.created_at - LATER_MS), Unknown)


def test_a_refused_look_up_leaves_the_fate_open(make_channel: MakeChannel) -> None:
    """A wrong credential says nothing about the message."""
    sent = message()
    outcome = make_channel(auth_token="x" * 32).find(sent, attempted_at=sent.created_at - LATER_MS)
    assert outcome == Unknown(reason="Twilio tidak dapat ditanya: permintaan ditolak (HTTP 401).")


def test_absence_right_after_the_attempt_is_not_certain(make_channel: MakeChannel) -> None:
    """A list that is written a moment later than the message must not cause a second message."""
    sent = message()
    early = make_channel(settle_s=2, now=lambda: sent.created_at + 1999)
    late = make_channel(settle_s=2, now=lambda: sent.created_at + 2000)
    assert isinstance(early.find(sent, attempted_at=sent.created_at), Unknown)
    assert late.find(sent, attempted_at=sent.created_at) is None


def test_a_delivered_message_is_found_as_delivered(channel: TwilioChannel, twilio: TwilioProcess) -> None:
    """The list carries the operator's proof."""
    twilio.behave(step_s=0)
    sent = message()
    accepted = channel.send(sent)
    assert isinstance(accepted, Accepted)
    assert channel.find(sent, attempted_at=sent.created_at) == Delivered(reference=accepted.reference)


@pytest.mark.parametrize(
    ("code", "kind"), [(30005, Rejected), (30006, Rejected), (30003, RetryLater), (30008, RetryLater)]
)
def test_an_accepted_message_that_did_not_arrive_is_not_called_accepted(
    channel: TwilioChannel, twilio: TwilioProcess, code: int, kind: type
) -> None:
    """A handset that is off may be tried again, a number that does not exist may not."""
    twilio.behave(step_s=0, undelivered_code=code)
    sent = message()
    channel.send(sent)
    outcome = channel.find(sent, attempted_at=sent.created_at)
    assert isinstance(outcome, kind)


def test_a_second_attempt_that_arrived_outweighs_a_first_that_did_not(
    channel: TwilioChannel, twilio: TwilioProcess
) -> None:
    """Of several rows with one text the best decides."""
    sent = message()
    twilio.behave(step_s=0)
    channel.send(sent)
    twilio.behave(step_s=0, undelivered_code=30003)
    channel.send(sent)
    assert isinstance(channel.find(sent, attempted_at=sent.created_at), Delivered)


def test_a_trial_account_is_recognised(channel: TwilioChannel) -> None:
    """A trial account's own sentence before the text does not hide the message."""
    sent = message()
    channel.send(message(body=f"Sent from your Twilio trial account - {sent.body}"))
    assert isinstance(channel.find(sent, attempted_at=sent.created_at), Accepted)


def old_post(number: int, body: str, *, age_s: float) -> str:
    form = {"To": NUMBER, "From": "+15005550006", "Body": body}
    received = time.time_ns() - int(age_s * 1e9)
    return json.dumps({"time_ns": received, "sid": f"SM{number:032x}", "status": 201, **form}) + "\n"


def test_yesterdays_message_with_the_same_text_is_another_one(twilio: TwilioProcess, make_channel: MakeChannel) -> None:
    """A drill repeats its words; only rows made since the message exists count."""
    sent = message()
    twilio.kill()
    twilio.log.write_text(old_post(0, sent.body, age_s=86_400))
    twilio.start()
    assert make_channel(settle_s=0).find(sent, attempted_at=sent.created_at) is None


def test_a_message_behind_many_newer_ones_is_found(twilio: TwilioProcess, make_channel: MakeChannel) -> None:
    """The list is read page by page."""
    sent = message()
    twilio.kill()
    lines = [old_post(0, sent.body, age_s=60)] + [old_post(n, f"lain {n}", age_s=30) for n in range(1, 301)]
    twilio.log.write_text("".join(lines))
    twilio.start()
    assert make_channel().find(sent, attempted_at=sent.created_at) == Delivered(reference=f"SM{0:032x}")


def test_a_list_too_long_to_read_proves_no_absence(twilio: TwilioProcess, make_channel: MakeChannel) -> None:
    """What was not looked at may hold the message."""
    twilio.kill()
    twilio.log.write_text("".join(old_post(number, f"lain {number}", age_s=30) for number in range(401)))
    twilio.start()
    sent = message()
    assert isinstance(make_channel(settle_s=0).find(sent, attempted_at=sent.created_at), Unknown)


def test_the_provider_is_told_how_long_a_warning_is_worth_delivering(
    channel: TwilioChannel, twilio: TwilioProcess
) -> None:
    """A warning of this evening is not delivered tomorrow morning."""
    channel.send(message())
    form = {"To": NUMBER, "From": twilio.from_number, "Body": message().body, "ValidityPeriod": "1200"}
    assert [form] == [post.form for post in twilio.posts()]


def test_no_warning_is_worth_more_than_the_providers_longest_validity(
    channel: TwilioChannel, twilio: TwilioProcess
) -> None:
    """Twilio refuses more than ten hours, and a refusal would cost the message."""
    channel.send(replace(message(), valid_for_s=86_400))
    assert [post.form["ValidityPeriod"] for post in twilio.posts()] == ["36000"]


def test_a_messaging_service_takes_the_place_of_a_number(make_channel: MakeChannel, twilio: TwilioProcess) -> None:
    """Either a number or a Messaging Service sends, never both."""
    service = "MG" + "0" * 32
    outcome = make_channel(from_number=None, messaging_service_sid=service).send(message())
    assert isinstance(outcome, Accepted)
    assert [(post.form.get("MessagingServiceSid"), post.form.get("From")) for post in twilio.posts()] == [
        (service, None)
    ]


def test_no_number_and_no_token_reaches_a_log_or_a_reason(
    make_channel: MakeChannel, twilio: TwilioProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, nothing that is logged or shown holds the number, the text or the credential."""
    caplog.set_level(logging.DEBUG)
    channel = make_channel(timeout_s=SHORT_S)
    shown = [repr(channel)]
    for kind in ("error", "hang", "reset", "garbage"):
        for method in ("POST", "GET"):
            twilio.fail(kind, method=method)
            shown += [repr(channel.send(message())), repr(channel.find(message(), attempted_at=now_ms() - LATER_MS))]
    twilio.fail("error", status=400, code=21614)
    shown += [repr(channel.send(message(address="+15005550009"))), caplog.text]
    secrets = (NUMBER[1:], "5005550009", twilio.auth_token, "AWAS")
    assert [] == [secret for secret in secrets for text in shown if secret in text]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"account_sid": "AC123"}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"from_number": None}, "from_number"),
        ({"messaging_service_sid": "MG1"}, "from_number"),
        ({"api_base": "api.twilio.com"}, "base address"),
        ({"api_base": "http://gateway.example:8080"}, "unencrypted"),
        ({"api_base": "https://user:secret@gateway.example"}, "base address"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(
    make_channel: MakeChannel, changes: dict[str, Any], named: str
) -> None:
    """At the start, and by the argument's name."""
    with pytest.raises(ValueError, match=named):
        make_channel(**changes)
