"""From a node's publish to a provider's POST, through the real broker and the real core."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.twilio_process import TwilioProcess
from tests.installation import STATION, Installation, SimpleNode, eventually


def twilio_channel(provider: TwilioProcess, folder: Path) -> str:
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(provider.auth_token)
    return (
        f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
        f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
    )


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[TwilioProcess]:
    with TwilioProcess(tmp_path / "posts.jsonl") as process:
        yield process


@pytest.fixture
def installation(provider: TwilioProcess, tmp_path: Path) -> Iterator[Installation]:
    with Installation(channels=twilio_channel(provider, tmp_path), officers=2) as made:
        made.start()
        yield made


@pytest.fixture
def node(installation: Installation) -> Iterator[SimpleNode]:
    made = SimpleNode(installation, "node-a", installation.new_node("node-a"))
    yield made
    made.close()


def test_a_flood_reaches_each_officer_once_per_version(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """WASPADA, SIAGA, AWAS: one message each, to each officer, saying what was measured."""
    for level in (3.0, 3.6, 3.6, 4.6, 4.6, 5.6, 5.6, 5.7):
        node.level(level)
    provider.wait_for_posts(6)
    posts = provider.posts()
    assert 6 == len(posts)
    assert 6 == len({(post.to, post.body) for post in posts})
    assert any("AWAS" in post.body and "5,60 m" in post.body for post in posts)
    eventually(lambda: [("accepted",)] * 6 == installation.rows("SELECT state FROM outbox"), "acceptance")
    kinds = [("raised", 1), ("raised_higher", 2), ("raised_higher", 3)]
    assert [("welang.level.1", n, *kind) for n, kind in enumerate(kinds, 1)] == installation.alerts()


def test_a_core_killed_between_commit_and_post_still_sends_once(provider: TwilioProcess, tmp_path: Path) -> None:
    """The kill comes exactly where the first connection to the provider is opened."""
    with Installation(channels=twilio_channel(provider, tmp_path)) as installation:
        installation.start()
        node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
        core = installation.core
        assert core is not None
        # The broker's connection stands already, and the one that the probe left is cut: the next one is the sender's.
        eventually(provider.connections, "the probe's connection")
        provider.cut()
        inject = ["-e", "trace=connect", "-e", "inject=connect:signal=KILL:when=1"]
        with subprocess.Popen(["strace", "-f", "-p", str(core.pid), *inject], stderr=subprocess.PIPE) as strace:
            assert strace.stderr is not None
            assert b"attached" in strace.stderr.readline()
            node.level(5.6)
            node.publish(node.observation(900.0))
            core.wait(90)
        assert [] == provider.posts()
        assert [("sending",)] == installation.rows("SELECT state FROM outbox")
        installation.start_core()
        provider.wait_for_posts(1)
        eventually(lambda: [("accepted",)] == installation.rows("SELECT state FROM outbox"), "the outcome")
        assert 1 == len(provider.posts())
        node.close()


def test_a_post_whose_answer_is_lost_is_looked_up_and_not_repeated(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """The provider took it and the connection broke: unknown, then found, once."""
    provider.fail("reset", times=2, accept=True)
    node.level(3.6)
    node.level(3.6)
    # By then the provider says that they arrived.
    eventually(lambda: [("delivered",)] * 2 == installation.rows("SELECT state FROM outbox"), "the look-ups")
    assert 2 == len(provider.posts())


def test_a_provider_that_is_away_is_tried_until_it_is_back(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """Error 500 for a while: queued, never called sent, then accepted, once each."""
    provider.fail("error", times=2, status=500)
    node.level(3.6)
    node.level(3.6)
    eventually(lambda: [("accepted",)] * 2 == installation.rows("SELECT state FROM outbox"), "acceptance")
    accepted = [post for post in provider.posts() if post.sid]
    assert 2 == len(accepted)


def test_late_and_repeated_and_impossible_readings_warn_nobody(
    installation: Installation, node: SimpleNode, provider: TwilioProcess
) -> None:
    """Six hours of backlog above AWAS, twice over, and a burst without a clock, are stored and told to nobody."""
    now = time.time_ns() // 1_000_000
    late = [node.observation(900.0, t=now - 6 * 3_600_000 + n * 60_000) for n in range(10)]
    for _ in range(2):
        node.publish(late)
    burst = [node.observation(900.0, t=None) for _ in range(5)]
    for observation in burst[1:]:
        node.publish(observation)
    node.publish(burst[0])
    node.wait((7, burst[0]["seq"]))
    node.wait((7, burst[-1]["seq"]))
    eventually(lambda: installation.status()["counters"].get("duplicates") == 10, "duplicates to be counted")
    assert [(15,)] == installation.rows("SELECT count(*) FROM readings")
    assert [] == installation.alerts()
    assert [] == provider.posts()


def test_garbage_becomes_dead_letters_and_nothing_else(installation: Installation, node: SimpleNode) -> None:
    """With valid credentials: bad JSON, bad UTF-8, a wrong kind; good readings go on."""
    for payload in (b"garbage", b"\xff\xfe{", b'{"v":1,"boot":7,"seq":1,"t":null,"s":{"distance_mm":NaN}}', b"[]"):
        node.publish(payload)
    node.level(2.0)
    letters = installation.ask("deadletters")
    assert 4 == len(letters)
    assert {"ews/v1/node-a/obs"} == {letter["topic"] for letter in letters}
    assert all(letter["reason"] and letter["payload"] for letter in letters)
    assert [(1,)] == installation.rows("SELECT count(*) FROM readings")
    assert [] == installation.alerts()


def test_a_node_cannot_speak_for_another(installation: Installation, node: SimpleNode) -> None:
    """Published on another node's topic: the broker drops it, core never sees it."""
    installation.new_node("node-b")
    observation = node.observation(900.0)
    node.client.publish("ews/v1/node-b/obs", json.dumps(observation), qos=1)
    node.level(2.0)
    assert [("node-a",)] == installation.rows("SELECT DISTINCT node FROM readings")
    assert [] == installation.ask("deadletters")


def test_a_silent_station_at_awas_is_told_and_stays_awas() -> None:
    """Unplugged during AWAS: officers are told, the level stands, and no all-clear goes out."""
    with Installation(stations=STATION.format(silence=0.03)) as installation:
        installation.start()
        node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
        node.level(5.6)
        node.level(5.7)
        node.close()
        alerts = eventually(lambda: [a for a in installation.alerts() if a[0] == "welang.data.1"], "the silence alarm")
        assert [("welang.data.1", 1, "raised", 3)] == alerts
        eventually(lambda: len(installation.demo_messages()) == 2, "its message")
        body = installation.demo_messages()[1]["body"]
        assert "SEDIKITNYA AWAS" in body
        assert "terakhir 5,70 m" in body
        assert not [a for a in installation.alerts() if a[2] in ("lowered", "ended")]


def test_without_a_channel_an_alert_says_so() -> None:
    """Nothing is called sent; the message is dead with its reason, and health says it loudly."""
    with Installation(channels="") as installation:
        installation.start()
        node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
        node.level(5.6)
        node.level(5.7)
        found = eventually(lambda: installation.rows("SELECT state, channel, reason FROM outbox"), "the message")
        assert [("dead", "none", "Tidak ada saluran pesan.")] == found
        node.close()
