"""The demonstration to its end: real firmware, real broker, real core, at twice its usual pace."""

import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from alerting.texts import septets
from broker.levels import Level
from tests.installation import eventually, free_ports

DEMO = Path(__file__).parents[2] / "deploy" / "demo.toml"
STORY_S = 300
READY = "Ctrl-C mengakhiri"
START_S = 180  # five programs and five interpreters; only a broken run waits so long


def get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.load(answer)


@pytest.mark.timeout(STORY_S + START_S + 200)
def test_the_storm_comes_warns_and_goes() -> None:
    """WASPADA, SIAGA, AWAS and the all-clear for the Welang; every text an example, none called delivered."""
    tls, loopback, web = free_ports(3)
    with tempfile.TemporaryDirectory(prefix="ktg-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        root.chmod(0o755)
        text = DEMO.read_text().replace("18883", str(tls)).replace("11883", str(loopback)).replace("8080", str(web))
        (root / "demo.toml").write_text(text)
        words = [sys.executable, "-m", "deploy.cli", "up", "--demo", "--settings", str(root / "demo.toml")]
        words += ["--speed", "120", "--state", str(root / "s")]
        with (root / "up.log").open("wb") as log:
            up = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            said = root / "up.log"
            eventually(lambda: up.poll() is not None or READY in said.read_text(), "the demonstration", START_S)
            assert up.poll() is None, said.read_text()
            assert "menit" in said.read_text()
            ended = eventually(lambda: welang_is_over(web), "the Welang's all-clear", STORY_S)
            levels = [(alert["kind"], alert["level"]) for alert in versions(root / "s")]
            messages = [json.loads(line) for line in (root / "s" / "pesan-contoh.jsonl").read_text().splitlines()]
            eventually(lambda: states_of_messages(web) == {"accepted"}, "the last messages to be accepted")
            up.send_signal(signal.SIGINT)
            assert 0 == up.wait(90), said.read_text()
        finally:
            up.kill()
            up.wait()
    assert ended["latency_ms"] is not None
    assert levels[0] in {("raised", "WASPADA"), ("raised", "SIAGA")}  # the latter when AWAS is near already
    assert ("ended", "NORMAL") == levels[-1]
    assert {"WASPADA", "SIAGA", "AWAS", "NORMAL"} == {level for _, level in levels}
    assert all("CONTOH" in message["body"] for message in messages)
    assert all(septets(message["body"]) <= (459 if "TEKNISI" in message["body"] else 160) for message in messages)
    assert any("AMAN" in message["body"] and "Welang" in message["body"] for message in messages)


def states_of_messages(port: int) -> set[str]:
    return {message["state"] for message in get(port, "/api/v1/messages")["messages"]}


def welang_is_over(port: int) -> dict[str, Any] | None:
    for alert in get(port, "/api/v1/alerts")["alerts"]:
        if alert["id"].startswith("welang-kraton.level") and alert["kind"] == "ended" and alert["latency_ms"]:
            return dict(alert)
    return None


def versions(state: Path) -> list[dict[str, str]]:
    connection = sqlite3.connect(f"file:{state / 'journal.db'}?mode=ro", uri=True)
    query = "SELECT kind, level FROM alerts WHERE alert LIKE 'welang-kraton.level.%' ORDER BY id"
    rows = connection.execute(query).fetchall()
    connection.close()
    return [{"kind": kind, "level": Level(level).name} for kind, level in rows]
