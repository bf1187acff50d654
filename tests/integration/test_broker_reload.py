"""A credential that is made while the broker reads its passwords is known to it soon."""

import asyncio
import time
from collections.abc import Iterator

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from deploy import broker_reload
from deploy.assembly import credentials_of, reload_broker
from deploy.broker_reload import BrokerReload
from deploy.state_folder import StateFolder
from tests.faults.injection import injected
from tests.installation import Installation, eventually

OPEN_S = 0.3  # by which each file that the broker opens is slowed: the fifth are the passwords


@pytest.fixture
def installation() -> Iterator[Installation]:
    with Installation() as made:
        made.start_broker()
        yield made


def is_taken(installation: Installation, user: str, password: str) -> bool:
    """Whether the broker takes the credential now."""
    heard: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=user)
    client.username_pw_set(user, password)
    client.on_connect = lambda _client, _data, _flags, code, _properties: heard.append(not code.is_failure)
    client.connect("127.0.0.1", installation.settings.broker.loopback_port)
    client.loop_start()
    eventually(lambda: heard, "the broker's answer")
    client.disconnect()
    client.loop_stop()
    return heard[0]


def test_a_credential_made_during_a_reload_is_taken_soon(installation: Installation) -> None:
    """The broker loses the signal that comes while it reads for the one before; a later one makes up for it."""
    credentials = credentials_of(installation.state)
    slowed = ("-etrace=openat", f"-einject=openat:delay_exit={int(OPEN_S * 1e6)}")

    async def two_nodes() -> str:
        reload = BrokerReload(installation.state, asyncio.get_running_loop())
        with injected(installation.broker, *slowed):
            assert reload_broker(installation.state)
            await asyncio.sleep(5.5 * OPEN_S)  # it has opened its passwords
            password = credentials.add("node-b")
            assert reload()
            await asyncio.sleep(4 * OPEN_S)
        deadline = time.monotonic() + 60
        while not await asyncio.to_thread(is_taken, installation, "node-b", password):
            assert time.monotonic() < deadline, "the broker does not know node-b"
            await asyncio.sleep(0.2)
        return password

    assert asyncio.run(two_nodes())


def test_a_broker_that_has_just_started_gets_no_late_signal(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be ended by it: the later signals are for the process that the first was for."""
    signals: list[str] = []

    def counted(state: StateFolder) -> bool:
        signals.append(state.broker_pid.read_text().strip())
        return reload_broker(state)

    monkeypatch.setattr(broker_reload, "reload_broker", counted)
    monkeypatch.setattr(broker_reload, "AGAIN_S", (0.3, 2.5))
    assert installation.broker is not None
    before = str(installation.broker.pid)

    async def restart() -> None:
        assert BrokerReload(installation.state, asyncio.get_running_loop())()
        await asyncio.to_thread(eventually, lambda: len(signals) == 2, "the second signal")
        await asyncio.to_thread(installation.kill, "broker")
        await asyncio.to_thread(installation.start_broker)
        await asyncio.sleep(3)

    asyncio.run(restart())
    assert [before, before] == signals


def test_without_a_broker_nothing_is_reloaded(installation: Installation) -> None:
    """The answer says so, and nothing fails later."""

    async def alone() -> bool:
        installation.kill("broker")
        return BrokerReload(installation.state, asyncio.get_running_loop())()

    assert not asyncio.run(alone())
