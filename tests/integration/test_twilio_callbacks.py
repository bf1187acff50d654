"""Twilio's delivery reports: from the provider through the real web process to the real core's journal."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from alerting.channels.twilio import TwilioChannel
from alerting.channels.twilio_callback import TwilioCallback
from alerting.web import callbacks
from deploy.channels.settings import CALLBACK
from tests.emulators.twilio_account import ACCOUNT_SID, AUTH_TOKEN, Behaviour, signature
from tests.emulators.twilio_process import TwilioProcess
from tests.installation import Installation, SimpleNode, eventually, free_ports

PUBLIC = "https://peringatan.kota.example"
URL = PUBLIC + CALLBACK
SID = "SM" + "0" * 32


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[TwilioProcess]:
    with TwilioProcess(tmp_path / "posts.jsonl", behaviour=Behaviour(step_s=0.1)) as process:
        yield process


@pytest.fixture
def installation(provider: TwilioProcess, tmp_path: Path) -> Iterator[Installation]:
    """Broker, core and web, with reports asked for where the web process listens."""
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(provider.auth_token)
    (port,) = free_ports(1)
    channel = (
        f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
        f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
        f'public_url = "http://127.0.0.1:{port}"\n'
    )
    with Installation(channels=channel) as made, (tmp_path / "web.log").open("ab") as log:
        made.start()
        web = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "web", "--settings", str(made.toml), "--port", str(port)],
            stdout=log,
            stderr=log,
        )
        eventually(lambda: _is_up(f"http://127.0.0.1:{port}/healthz"), "the web process")
        yield made
        web.terminate()
        web.wait(30)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def node(installation: Installation) -> Iterator[SimpleNode]:
    made = SimpleNode(installation, "node-a", installation.new_node("node-a"))
    yield made
    made.close()


def states(installation: Installation) -> list[str]:
    return [state for (state,) in installation.rows("SELECT state FROM outbox ORDER BY id")]


def test_a_delivered_message_is_called_delivered_when_its_report_has_come(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """The whole way: POST, acceptance, signed report, journal."""
    for level in (3.0, 3.6, 3.6):
        node.level(level)
    provider.wait_for_posts(1)
    assert provider.posts()[0].form["StatusCallback"].endswith(CALLBACK)
    eventually(lambda: states(installation) == ["delivered"], "the report")


def test_a_message_that_did_not_arrive_is_called_so_with_its_reason(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """Accepted is not enough for whoever looks at the page."""
    provider.behave(step_s=0.1, undelivered_code=30005)
    for level in (3.0, 3.6, 3.6):
        node.level(level)
    eventually(lambda: states(installation)[:1] == ["undelivered"], "the report")
    ((reason,),) = installation.rows("SELECT reason FROM outbox ORDER BY id LIMIT 1")
    assert "nomor tujuan tidak dikenal" in reason


def test_reports_only_move_a_message_forward(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """They arrive in any order."""
    for level in (3.0, 3.6, 3.6):
        node.level(level)
    eventually(lambda: states(installation) == ["delivered"], "the report")
    ((reference,),) = installation.rows("SELECT reference FROM outbox")
    late = {"channel": "twilio", "reference": reference, "is_delivered": False, "reason": "Tidak sampai.", "code": ""}
    installation.ask("delivery-report", **late)
    assert ["delivered"] == states(installation)


# -- whose report it is: the page alone, with core away ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Page:
    url: str
    callback: TwilioCallback

    def post(self, form: dict[str, str], *, signed: str | None = None, **headers: str) -> int:
        given = {} if signed is None else {"X-Twilio-Signature": signed}
        body = urlencode(form).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = httpx.post(self.url + CALLBACK, content=body, headers=given | kind | headers, timeout=20)
        return answer.status_code


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    app = FastAPI(openapi_url=None)
    callback = TwilioCallback(url=URL, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN)
    callbacks.add_twilio(app, path=CALLBACK, callback=callback, socket_path=tmp_path / "no.sock")
    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started, "the page")
    yield Page(url=f"http://127.0.0.1:{port}", callback=callback)
    server.should_exit = True
    thread.join()


def report(status: str = "sent", **changes: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT_SID,
        "MessageSid": SID,
        "MessageStatus": status,
        "To": "+628111",
        "Note": "",
    } | changes


def test_a_signed_report_is_taken_and_an_empty_field_is_part_of_what_is_signed(page: Page) -> None:
    """Twilio signs for the public address, which the request itself never shows."""
    assert 204 == page.post(report(), signed=signature(URL, report()))


def test_the_very_same_report_again_is_a_replay(page: Page) -> None:
    """Signatures have no time in them."""
    form = report()
    answers = [page.post(form, signed=signature(URL, form)) for _ in range(2)]
    assert [204, 409] == answers


def test_while_core_is_away_a_report_is_not_taken_and_may_come_again(page: Page) -> None:
    """Nothing is called safe that is not in the journal."""
    form = report("delivered")
    assert [503, 503] == [page.post(form, signed=signature(URL, form)) for _ in range(2)]


@pytest.mark.parametrize("signed", [None, "", "x", "ÿ", signature(URL, report("delivered"))])
def test_a_missing_or_wrong_signature_is_refused(page: Page, signed: str | None) -> None:
    """Also one that is genuine, of another report."""
    headers = {} if signed is None else {"X-Twilio-Signature": signed.encode("latin-1")}
    answer = httpx.post(page.url + CALLBACK, content=urlencode(report()), headers=headers, timeout=20)  # type: ignore[arg-type]
    assert 403 == answer.status_code


@pytest.mark.parametrize(
    "url",
    [
        f"http://peringatan.kota.example{CALLBACK}",
        f"https://attacker.example{CALLBACK}",
        f"{PUBLIC}/callbacks/other",
        f"{URL}?x=1",
    ],
)
def test_a_signature_for_another_address_is_refused(page: Page, url: str) -> None:
    """Whoever has an account at Twilio gets signatures for addresses of his own."""
    assert 403 == page.post(report(), signed=signature(url, report()))


def test_the_host_header_is_not_believed(page: Page) -> None:
    """Nor a proxy's: the address is the configured one."""
    spoofed = {"Host": "attacker.example", "X-Forwarded-Host": "attacker.example", "X-Forwarded-Proto": "https"}
    assert 403 == page.post(report(), signed=signature(f"https://attacker.example{CALLBACK}", report()), **spoofed)
    assert 204 == page.post(report(), signed=signature(URL, report()), **spoofed)


def test_a_report_of_another_account_is_refused(page: Page) -> None:
    """Signed with our token, and yet not about our messages."""
    form = report(AccountSid="AC" + "f" * 32)
    assert 403 == page.post(form, signed=signature(URL, form))


@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
def test_a_report_without_a_message_is_refused(page: Page, missing: str) -> None:
    """And it is not an error of ours."""
    form = {name: value for name, value in report().items() if name != missing}
    assert 403 == page.post(form, signed=signature(URL, form))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"=&&;;", b"{}", b"&".join(b"a=1" for _ in range(200))])
def test_a_body_that_is_no_form_is_refused(page: Page, body: bytes) -> None:
    """Never a 500."""
    answer = httpx.post(page.url + CALLBACK, content=body, headers={"X-Twilio-Signature": "x"}, timeout=20)
    assert 403 == answer.status_code


def test_a_stranger_cannot_fill_the_log(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    """A hundred refusals are a line or two."""
    for _ in range(100):
        page.post(report(), signed="x")
    assert 1 == caplog.text.count("were refused")


def test_an_endless_body_is_cut_off(page: Page) -> None:
    """Before anything is computed from it."""
    answer = httpx.post(page.url + CALLBACK, content=b"a=" + b"x" * 100_000, timeout=20)
    assert 413 == answer.status_code


def test_a_probe_names_an_account_that_is_suspended(provider: TwilioProcess) -> None:
    """It would answer every message with a refusal."""
    provider.behave(account_status="suspended")
    channel = TwilioChannel(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, from_number="+15005550006", api_base=provider.base_url
    )
    assert "Akun Twilio tidak aktif (suspended): periksa tagihan atau statusnya." == channel.probe()
    provider.kill()
    assert "Twilio tidak dapat dipakai: sambungan ditolak." == channel.probe()
    channel.close()
