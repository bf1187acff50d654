"""The dead-man's switch, over the real broker, core, sender and providers: what breaks is told, and once.

The intervals are those of a test; ``python -m tests.faults.dead_man`` measures the real ones.
"""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.twilio_process import TwilioProcess
from tests.emulators.web_receiver import WebReceiver
from tests.installation import Installation, SimpleNode, eventually
from tests.watch_post import PATIENCE_S, WatchPost

# From the fault to the alarm: the patience, a turn, the keeper's channel; and a slow machine.
SOON_S = PATIENCE_S + 10.0


def twilio_channel(provider: TwilioProcess, folder: Path) -> str:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(provider.auth_token)
    return (
        f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
        f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
    )


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioProcess]:
    with TwilioProcess(tmp_path_factory.mktemp("provider") / "posts.jsonl") as process:
        yield process


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebReceiver]:
    with WebReceiver() as web:
        yield web


@pytest.fixture(scope="module")
def installation(provider: TwilioProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(channels=twilio_channel(provider, tmp_path_factory.mktemp("token"))) as made:
        made.start()
        yield made


@pytest.fixture(scope="module")
def running(installation: Installation, receiver: WebReceiver) -> Iterator[WatchPost]:
    made = WatchPost(installation, receiver, keeper="Petugas 1", daily_hour=0)
    made.start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def post(running: WatchPost) -> WatchPost:
    """All is well, and nothing was told yet."""
    running.await_well()
    running.receiver.received.clear()
    return running


def test_each_break_of_the_chain_is_told_once_and_its_end_too(
    installation: Installation, post: WatchPost, provider: TwilioProcess
) -> None:
    """Core stands still, the broker is away, the provider is cut off: each by its name, then that it is over.

    And what goes round meanwhile is no reading, no alert, no dead letter, and no message to anybody.
    """
    assert [] == post.bodies()
    assert installation.core is not None
    began = time.monotonic()
    installation.core.send_signal(signal.SIGSTOP)
    told = post.await_body("TERPUTUS")
    assert time.monotonic() - began < SOON_S
    assert "inti tidak menjawab" in told
    installation.core.send_signal(signal.SIGCONT)
    post.await_body("PULIH", after=1)

    began = time.monotonic()
    installation.kill("broker")
    told = post.await_body("TERPUTUS", after=2)
    assert time.monotonic() - began < SOON_S
    assert "broker atau jaringannya" in told
    installation.start_broker()
    post.await_body("PULIH", after=3)

    began = time.monotonic()
    provider.kill()
    told = post.await_body("TERPUTUS", after=4)
    assert time.monotonic() - began < SOON_S + 10  # the provider's own patience
    assert "saluran twilio" in told
    provider.start()
    post.await_body("PULIH", after=5)
    assert 6 == len(post.bodies())

    node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
    for level in (3.0, 3.6, 3.6):
        node.level(level)
    eventually(lambda: [post for post in provider.posts() if "WASPADA" in post.body], "the officer's message")
    node.close()
    assert 1 == len([post for post in provider.posts() if "WASPADA" in post.body])
    daily = [post for post in provider.posts() if "UJI HARIAN" in post.body]
    assert {"+6281200000001"} == {post.to for post in daily}
    assert len(daily) == len(provider.posts()) - 1 <= 2  # one a day, also when midnight passes
    assert ["welang.level.1"] == [alert[0] for alert in installation.alerts()]
    beats = "SELECT alert, count(*), max(public) FROM outbox WHERE recipient = 'pengawas' GROUP BY alert"
    assert [("beat/pengawas", 1, 1)] == installation.rows(beats)
    assert [("node-a",)] == installation.rows("SELECT DISTINCT node FROM readings")
    assert [("node-a",)] == installation.rows("SELECT id FROM nodes")
    assert [] == installation.ask("deadletters")


def test_a_restarted_watch_neither_repeats_nor_forgets(
    installation: Installation, post: WatchPost, receiver: WebReceiver
) -> None:
    """Killed while its own channel was away, and after it was told: it tells what it owes, once, and the end.

    Of its own channel it tells the installation, whose board says so.
    """
    assert installation.core is not None
    receiver.mode = 503
    installation.core.send_signal(signal.SIGSTOP)
    post.await_line("cannot be told by webhook")
    post.stop(signal.SIGKILL)
    receiver.received.clear()
    receiver.mode = "ok"
    post.start()
    post.await_body("TERPUTUS")
    eventually(lambda: json.loads((post.folder / "state" / "standing.json").read_bytes())["owed"] == {}, "the record")
    post.stop(signal.SIGKILL)
    post.start()
    post.await_line("the chain: core")
    installation.core.send_signal(signal.SIGCONT)
    post.await_body("PULIH")
    assert [True, False] == ["TERPUTUS" in body for body in post.bodies()]

    receiver.mode = 503
    installation.core.send_signal(signal.SIGSTOP)
    post.await_line("cannot be told by webhook")
    installation.core.send_signal(signal.SIGCONT)
    eventually(lambda: installation.ask("core-health")["watches"][0]["own_problem"], "the watch's word about itself")
    problems = installation.ask("core-health")["problems"]
    assert [each for each in problems if each.startswith("Pengawas pengawas tidak dapat memakai salurannya sendiri")]
    receiver.mode = "ok"
    post.await_body("PULIH", after=2)
