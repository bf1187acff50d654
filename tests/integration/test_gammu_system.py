"""From a node's publish to a phone, and from a phone to core, through real core and real gammu-smsd."""

import threading
from collections.abc import Iterator

import pytest

from tests.emulators.gsm_phone import GsmPhone, deliver_pdu
from tests.installation import Installation, SimpleNode, eventually

OFFICER = "+6281200000001"
RESIDENT = "+6281234567890"


@pytest.fixture
def installation() -> Iterator[Installation]:
    channels = '[[channels.modems]]\nname = "m1"\ndevice = "dummy"\nrate_per_minute = 60\n'
    with Installation(channels=channels) as made:
        yield made


@pytest.fixture
def phone(installation: Installation) -> Iterator[GsmPhone]:
    """The modem of the settings, on an emulated phone instead of Gammu's dummy."""
    with GsmPhone(installation.state.modems) as made:
        yield made


@pytest.fixture
def node(installation: Installation, phone: GsmPhone) -> Iterator[SimpleNode]:
    installation.start_broker()
    start_core(installation, phone)
    made = SimpleNode(installation, "node-a", installation.new_node("node-a"))
    yield made
    made.close()


def start_core(installation: Installation, phone: GsmPhone) -> None:
    """Core writes the configuration of its settings; what runs keeps the one of the test."""
    installation.start_core()
    assert phone.modem.pid() is not None


def flood(node: SimpleNode) -> None:
    for level in (3.0, 3.6, 3.6):
        node.level(level)


def states(installation: Installation) -> list[str]:
    return [state for (state,) in installation.rows("SELECT state FROM outbox ORDER BY id")]


def test_a_flood_reaches_the_officer_s_phone_and_the_report_comes_back(
    installation: Installation, phone: GsmPhone, node: SimpleNode
) -> None:
    """Queued, sending, accepted by the network, delivered by the operator's word; one SMS."""
    phone.behave(reports=True)
    flood(node)
    eventually(lambda: states(installation) == ["delivered"], "the report")
    assert [OFFICER] == phone.numbers()


def test_core_killed_while_the_phone_sends_sends_nothing_twice(
    installation: Installation, phone: GsmPhone, node: SimpleNode
) -> None:
    """The new core finds what the old one handed over."""
    phone.behave(delay_s=4)
    flooding = threading.Thread(target=flood, args=(node,))
    flooding.start()
    eventually(lambda: "New message to send" in phone.modem.read_log(), "the message to be begun")
    flooding.join()
    installation.kill("core")
    start_core(installation, phone)
    eventually(lambda: states(installation)[:1] == ["accepted"], "the look-up")
    assert [OFFICER] == phone.numbers()


def test_an_sms_that_came_while_core_was_away_is_taken_once(
    installation: Installation, phone: GsmPhone, node: SimpleNode
) -> None:
    """An hour or a minute: it waits on disk."""
    installation.kill("core")
    phone.incoming.write_text(deliver_pdu(RESIDENT, "INFO") + "\n")
    eventually(lambda: list(phone.modem.inbox.glob("IN*")), "the SMS")
    start_core(installation, phone)
    eventually(lambda: not list(phone.modem.inbox.glob("IN*")), "core to take it")
    taken = installation.rows("SELECT key FROM commands WHERE key LIKE 'sms-%'")
    assert 1 == len(taken)


def test_a_dead_modem_is_named_in_the_health(installation: Installation, phone: GsmPhone, node: SimpleNode) -> None:
    """Where the officers look."""
    phone.kill_smsd()
    answer = eventually(
        lambda: (now := installation.ask("channel-states"))["modem"]["problem"] and now, "the probe", patience_s=120
    )
    assert "Tidak ada modem SMS yang jalan (m1)" in answer["modem"]["problem"]
