"""``kentongan check`` and /metrics of an installation at work: real broker, real core, real pages, as a person asks."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.installation import PATIENCE_S, Installation, SimpleNode, eventually


@pytest.fixture
def at_work() -> Iterator[Installation]:
    """Broker, core and pages."""
    with Installation() as installation:
        installation.start()
        argv = [sys.executable, "-m", "deploy.cli", "web", "--settings", str(installation.toml)]
        with (installation.root / "web.log").open("ab") as log:
            web = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            eventually(lambda: metrics(installation), "the pages")
            yield installation
        finally:
            web.terminate()
            web.wait(PATIENCE_S)


def metrics(installation: Installation, **headers: str) -> dict[str, str]:
    address = f"http://127.0.0.1:{installation.settings.web.port}/metrics"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:
            lines = answer.read().decode().splitlines()
    except urllib.error.HTTPError as error:
        return {"status": str(error.code)}
    except OSError:
        return {}
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def check(installation: Installation) -> tuple[int, dict[str, Any]]:
    argv = [sys.executable, "-m", "deploy.cli", "check", "--json", "--settings", str(installation.toml)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, {each["check"]: each for each in json.loads(done.stdout)["findings"]}


@pytest.mark.timeout(300)
def test_an_installation_at_work_and_with_its_broker_gone(at_work: Installation) -> None:
    """Ports are known as ours, figures count; then a stranger has the broker's place, and both say so."""
    code, found = check(at_work)
    ports = [found[each]["told"] for each in ("broker.loopback_port", "broker.tls_port", "web.port")]
    assert [True] * 3 == ["our own program answers" in each for each in ports]
    assert [] == [each for each in found.values() if each["word"] == "wrong"]
    assert 1 == code  # the demonstration's channel, no admin, no backup
    node = SimpleNode(at_work, "simpul-1", at_work.new_node("simpul-1"))
    for _ in range(3):  # one sample alone is not believed
        node.level(5.8)
    node.close()
    told = eventually(
        lambda: (now := metrics(at_work)).get("kentongan_message_latency_seconds_count", "0") != "0" and now,
        "a message's latency",
    )
    assert ("1", "3") == (told["kentongan_up"], told["kentongan_readings_total"])
    assert "1" == told["kentongan_broker_connected"]
    assert int(told['kentongan_certificate_end_seconds{certificate="broker"}']) > 2_000_000_000
    assert {"status": "403"} == metrics(at_work, **{"X-Forwarded-For": "10.0.0.9"})
    at_work.kill("broker")
    eventually(lambda: metrics(at_work).get("kentongan_broker_connected") == "0", "that the broker is gone")
    argv = [sys.executable, "-m", "http.server", str(at_work.settings.broker.tls_port), "--bind", "127.0.0.1"]
    stranger = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: listens(at_work.settings.broker.tls_port), "the stranger at our port")
        code, found = check(at_work)
        assert (2, "wrong") == (code, found["broker.tls_port"]["word"])
    finally:
        stranger.terminate()
        stranger.wait(PATIENCE_S)
