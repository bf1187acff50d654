"""A drill beside an installation that is on duty: the whole way to its group, and nothing of it anywhere else."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerting.audit import Entry, first_broken
from broker import control
from broker.live import HealthView
from deploy import cli
from deploy.drill import results
from deploy.drill.node import NODE
from deploy.drill.rehearsal import STATION
from deploy.drill.schedule import DrillJob
from deploy.drill.verdict import read
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.installation import Installation, SimpleNode, eventually, free_ports

pytestmark = pytest.mark.timeout(600)

REAL = """
[drill]
settings = "latihan.toml"
group = "posko"
[[drill.groups]]
name = "posko"
people = ["Sari", "Budi"]
[[drill.groups]]
name = "sendiri"
people = ["Sari"]
"""
DRILL = """
[site]
name = "Latihan Kota"
realm = "latihan"
state_dir = "l"
[broker]
tls_port = {tls}
loopback_port = {loopback}
[channels.twilio]
account_sid = "{sid}"
token_file = "latihan.token"
sender = "{sender}"
api_base = "{url}"
[[officers]]
name = "Sari"
phone = "+6281200000091"
[[officers]]
name = "Budi"
phone = "+6281200000092"
[[officers]]
name = "Tidak ikut"
phone = "+6281200000093"
"""


class Field:
    """The real installation on duty, and the drill's own provider."""

    def __init__(self, real: Installation, provider: TwilioProcess) -> None:
        self.real, self.provider = real, provider
        self.state = StateFolder(real.root / "l")
        tls, loopback = free_ports(2)
        token = real.root / "latihan.token"
        token.touch(mode=0o600)
        token.write_text(provider.auth_token)
        account = {"sid": provider.account_sid, "sender": provider.from_number, "url": provider.base_url}
        (real.root / "latihan.toml").write_text(DRILL.format(tls=tls, loopback=loopback, **account))

    def drill(self, *more: str) -> int:
        return cli.main(["drill", "run", "--settings", str(self.real.toml), "--by", "Rina", *more])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return read(self.state.journal, query)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    log = tmp_path_factory.mktemp("provider") / "posts.jsonl"
    with TwilioProcess(log, behaviour=Behaviour(step_s=None)) as provider, Installation(more=REAL, officers=2) as real:
        real.start()
        yield Field(real, provider)


def test_a_drill_goes_the_whole_way_to_its_group_and_nowhere_else(
    field: Field, capsys: pytest.CaptureFixture[str]
) -> None:
    """LATIHAN in every text, by an account of its own; no alert, reading or message of it at the real installation."""
    before = field.real.rows("SELECT count(*) FROM readings")
    posts = len(field.provider.posts())
    assert 0 == field.drill(), capsys.readouterr().out
    sent = [post for post in field.provider.posts()[posts:] if post.sid is not None]
    # The end is told too, but for an officer who has had five messages in the hour: he gets a digest later.
    assert ["+6281200000091", "+6281200000092"] == sorted(post.to for post in sent if "AWAS" in post.body)
    assert {"+6281200000091", "+6281200000092"} == {post.to for post in sent}
    assert all(post.body.startswith("LATIHAN ") for post in sent)
    assert [] == field.real.demo_messages()
    assert [] == field.real.alerts()
    assert before == field.real.rows("SELECT count(*) FROM readings")
    assert [(0,)] == field.real.rows(f"SELECT count(*) FROM registry_versions WHERE id IN ('{STATION}', '{NODE}')")
    assert [(0,)] == field.real.rows("SELECT count(*) FROM outbox")


def test_its_result_is_kept_with_its_times(field: Field, capsys: pytest.CaptureFixture[str]) -> None:
    """Who held it, whether it passed and why, each step and each message; ``kentongan drill list`` says so."""
    assert 0 == field.drill("--group", "sendiri")
    (*_, result) = results.read(field.state)
    assert ("Rina", "sendiri", 1, True) == (result.by, result.group, result.people, result.passed)
    assert ["stored", "decided", "message to Sari by twilio", "ended"] == [step.name for step in result.steps]
    assert [step.seconds for step in result.steps[2:]] == sorted(step.seconds for step in result.steps[2:])
    assert [("Sari", "twilio", "accepted")] == [(told.person, told.channel, told.state) for told in result.told]
    capsys.readouterr()
    assert 0 == cli.main(["drill", "list", "--settings", str(field.real.toml), "--limit", "1"])
    told = capsys.readouterr().out
    assert "passed  group sendiri, by Rina: 1 orang dalam kelompok sendiri menerima pesan" in told
    assert "messages: 1 accepted, 0 delivered, 0 failed" in told
    assert 0 == cli.main(["drill", "list", "--settings", str(field.real.toml), "--json"])
    assert "sendiri" == json.loads(capsys.readouterr().out)[0]["group"]


def test_a_drill_that_does_not_reach_everybody_does_not_pass(field: Field, capsys: pytest.CaptureFixture[str]) -> None:
    """It says who was not reached and why, and its alert has ended all the same."""
    field.provider.fail("error", status=400, code=21211)
    try:
        assert 1 == field.drill()
    finally:
        field.provider.behave(step_s=None)
    assert "NOT PASSED" in capsys.readouterr().out
    (*_, result) = results.read(field.state)
    assert result.why.startswith("Tidak sampai ke Budi, Sari (")
    assert ["dead", "dead"] == [told.state for told in result.told]
    assert [("ended",)] == field.rows("SELECT kind FROM alerts ORDER BY id DESC LIMIT 1")


def test_its_own_ledger_verifies(field: Field, capsys: pytest.CaptureFixture[str]) -> None:
    """The drill's journal has an audit log of its own, with every one of its alerts."""
    assert 0 == field.drill("--group", "sendiri")
    rows = field.rows("SELECT id, at, actor, action, subject, detail, hash FROM audit ORDER BY id")
    assert first_broken(Entry(*row) for row in rows) is None
    capsys.readouterr()
    assert 0 == cli.main(["audit", "verify", "--settings", str(field.real.root / "latihan.toml")])
    assert "alert raised" in capsys.readouterr().out


def test_the_drills_node_is_nobody_at_the_real_broker(field: Field) -> None:
    """Its credential is of another broker; and a real node cannot speak on the drill's topics."""
    assert 0 == field.drill("--group", "sendiri")
    refused: list[Any] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=NODE)
    client.username_pw_set(NODE, "whatever it was at the other broker")
    client.on_connect = lambda _client, _data, _flags, code, _properties: refused.append(code)
    client.connect("127.0.0.1", field.real.settings.broker.loopback_port)
    client.loop_start()
    eventually(lambda: refused, "the broker's answer")
    client.disconnect()
    client.loop_stop()
    assert refused[0].is_failure

    with closing(SimpleNode(field.real, "node-a", field.real.new_node("node-a"))) as node:
        observation = node.observation(1000.0)
        node.client.publish("latihan/v1/node-a/obs", json.dumps(observation), qos=1)
        node.send(4000.0)  # it came after, and is there
    assert [(1,)] == field.real.rows("SELECT count(*) FROM readings WHERE node = 'node-a'")
    assert 0 == field.real.status()["counters"].get("dead_letters", 0)


def test_a_month_begins_with_a_drill_that_nobody_has_to_think_of(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job starts it once, in a process of its own, and then tells the board what it came to."""
    (field.state.root / results.FILE).unlink(missing_ok=True)
    monkeypatch.setattr("deploy.drill.schedule.is_due", lambda _drill, last, *_: last is None)
    heard: list[tuple[str, str | None]] = []
    settings = load(field.real.toml)

    async def month() -> None:
        job = DrillJob(settings, field.real.state, field.real.root, lambda line, problem: heard.append((line, problem)))
        deadline = time.monotonic() + 120
        while not heard or not heard[-1][0] or not job.is_idle:
            assert time.monotonic() < deadline, heard
            await job.run()
            await asyncio.sleep(0.2)

    asyncio.run(month())
    (result,) = results.read(field.state)
    assert ("jadwal", True) == (result.by, result.passed)
    assert heard[-1][0].endswith(": lulus")
    assert heard[-1][1] is None


def test_the_board_shows_what_the_last_drill_came_to(field: Field) -> None:
    """The real core says it in its health, some moments after its start."""
    assert 0 == field.drill("--group", "sendiri")
    field.real.kill("core")
    field.real.start_core()

    async def shown() -> str:
        async for event in control.follow(field.real.state.socket, after=0, actor="test"):
            if event.kind == "health" and (line := msgspec.json.decode(event.data, type=HealthView).drill):
                return line
        return ""

    line = asyncio.run(asyncio.wait_for(shown(), 60))
    assert line.startswith("latihan ")
    assert line.endswith(": lulus")
