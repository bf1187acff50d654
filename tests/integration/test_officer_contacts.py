"""An officer with a mail address and a webhook is told by both, from a node's publish on; real core, real servers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.mail_server import MailServer
from tests.emulators.web_receiver import WebReceiver
from tests.installation import Installation, SimpleNode, eventually

ADDRESS = "sari@kota.example"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as server:
        yield server


@pytest.fixture
def installation(mail: MailServer) -> Iterator[Installation]:
    channels = (
        "[channels]\nwebhook = true\n"
        f'[channels.email]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\nsender = "a@kota.example"\n'
    )
    with Installation(channels=channels, officers=0) as made:
        made.start()
        yield made


@pytest.fixture
def node(installation: Installation) -> Iterator[SimpleNode]:
    made = SimpleNode(installation, "node-a", installation.new_node("node-a"))
    yield made
    made.close()


def add_officer(installation: Installation, *options: str) -> None:
    command = Path(sys.executable).with_name("kentongan")
    subprocess.run(
        [
            *(command, "recipient", "add", "--kind", "officer", "--name", "Sari", "--rank", "1"),
            *(*options, "--reason", "test", "--settings", str(installation.toml)),
        ],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
    )


def flood(node: SimpleNode) -> None:
    for level in (3.0, 3.6, 3.6):
        node.level(level)


def states(installation: Installation) -> dict[str, str]:
    return dict(installation.rows("SELECT channel, state FROM outbox"))


def test_an_officer_is_told_by_every_way_that_he_has(
    installation: Installation, node: SimpleNode, mail: MailServer, web: WebReceiver
) -> None:
    """One mail, one call of the webhook; accepted, and never delivered."""
    add_officer(installation, "--email", ADDRESS, "--url", f"{web.url}/sari")
    flood(node)
    eventually(lambda: states(installation) == {"email": "accepted", "webhook": "accepted"}, "acceptance by both")
    assert [ADDRESS] == [recipient for recipient, _ in mail.mails]
    assert ["/sari"] == [path for path, _ in web.received]
    assert "WASPADA" in web.received[0][1]["message"]


def test_no_address_stands_in_the_journal_or_in_core_s_log(
    installation: Installation, node: SimpleNode, mail: MailServer
) -> None:
    """Neither when it works nor when the server refuses it."""
    mail.faults = {"RCPT": f"450 {ADDRESS} is busy"}
    add_officer(installation, "--email", ADDRESS)
    flood(node)
    eventually(lambda: "queued" in states(installation).values() and len(mail.mails) == 0, "a refusal")
    eventually(lambda: installation.rows("SELECT 1 FROM outbox WHERE reason IS NOT NULL"), "its reason")
    mail.faults = {}
    eventually(lambda: states(installation) == {"email": "accepted"}, "acceptance")
    installation.kill("core", 15)
    written = installation.core_log.read_bytes() + b"".join(
        path.read_bytes() for path in installation.state.root.rglob("*") if path.is_file()
    )
    assert ADDRESS.encode() not in written
