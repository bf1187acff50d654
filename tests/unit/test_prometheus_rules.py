"""The alert rules: right by Prometheus' own tool, on metrics that there are, each with its section in both runbooks."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from alerting.web.metrics_page import Watched
from broker.clock import REAL
from deploy.backup import record
from deploy.backup.record import BackupRecord
from deploy.health.metrics import METRICS, MetricsOfInstallation
from tests.core_thread import SETTINGS, CoreThread

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "kentongan.rules.yml"
LEVELS = {"critical": ("Critical.", "Genting."), "warning": ("Warning.", "Perhatian.")}
FROM_OTHERS = {
    "kentongan_certificate_end_seconds",
    "kentongan_node_dropped",
    "kentongan_node_last_arrival_seconds",
    "kentongan_watch_last_seen_seconds",
    "kentongan_watch_own_channel",
}
NAME = re.compile(r"\bkentongan_[a-z0-9_]+")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def tool(*words: str) -> str:
    """What promtool says; fails with that when it is not content."""
    program = shutil.which("promtool")
    if program is None:
        pytest.fail("promtool is missing, Prometheus' tool that checks rules: apt-get install prometheus")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def section(book: str, name: str) -> str:
    """What stands below a heading of the third level."""
    found = re.search(rf"^### {name}\n\n(.+?)(?=^#|\Z)", (ROOT / book).read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{book} has no section {name}"
    return found[1].strip()


def test_promtool_takes_the_rules_and_their_tests() -> None:
    """Each alert rises where its test says so and nowhere else; an installation in order raises none."""
    assert f"{len(rules())} rules found" in tool("check", "rules", str(RULES))
    assert "SUCCESS" in tool("test", "rules", str(FOLDER / "kentongan.rules.test.yml"))


@pytest.mark.parametrize("folder", ["prometheus", "container"])
def test_promtool_takes_the_samples(tmp_path: Path, folder: str) -> None:
    """With the rules and the two secrets that they name beside them."""
    shutil.copy(RULES, tmp_path)
    shutil.copy(ROOT / "deploy" / folder / "prometheus.yml", tmp_path)
    (tmp_path / "kentongan.token").write_text("x" * 20)
    (tmp_path / "kentongan-ca.pem").write_text("")
    assert "SUCCESS" in tool("check", "config", str(tmp_path / "prometheus.yml"))


def test_every_alert_is_tested() -> None:
    """Once as rising, and once as silent."""
    tests = yaml.safe_load((FOLDER / "kentongan.rules.test.yml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    names = sorted(rule["alert"] for rule in rules())
    assert names == sorted(case["alertname"] for case in cases if case.get("exp_alerts"))
    assert names == sorted(case["alertname"] for case in cases if not case.get("exp_alerts"))


def test_every_metric_of_a_rule_is_one_of_ours() -> None:
    """By its name as /metrics has it, or a histogram's bucket."""
    names = {name for rule in rules() for name in NAME.findall(rule["expr"])}
    assert {"kentongan_up", "kentongan_message_latency_seconds_bucket"} <= names
    assert set() == {name.removesuffix("_bucket") for name in names} - METRICS.keys()


def test_a_core_at_work_tells_what_the_rules_ask(tmp_path: Path) -> None:
    """Of an installation with a backup in its bucket, all but what only nodes, watches and certificates bring."""
    core = CoreThread(tmp_path, settings=f"{SETTINGS}[channels]\ndemo = true\n")
    record.write(core.state, BackupRecord(good_at=1, tried_at=1, sent_at=1, sending_at=1))
    core.start()
    try:
        told = MetricsOfInstallation(core.settings, core.state, REAL.now)(Watched(watchers=0, dropped=0))
    finally:
        core.stop()
    asked = {name for rule in rules() for name in NAME.findall(rule["expr"])}
    assert FROM_OTHERS == {name for name in asked if not re.search(rf"^{name}[ {{]", told, re.MULTILINE)}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_its_section(rule: dict[str, Any]) -> None:
    """In the language of its words, with its severity as the first word; and says itself in both."""
    told, anchor = rule["annotations"], f"#{rule['alert'].lower()}"
    assert {"summary", "summary_en", "runbook", "runbook_en"} == told.keys()
    assert ("docs/runbook-id.md" + anchor, "docs/runbook.md" + anchor) == (told["runbook"], told["runbook_en"])
    words = LEVELS[rule["labels"]["severity"]]
    assert section("docs/runbook.md", rule["alert"]).startswith(words[0])
    assert section("docs/runbook-id.md", rule["alert"]).startswith(words[1])


def test_no_section_is_of_an_alert_that_is_gone() -> None:
    """A renamed alert takes its sections with it."""
    names = [rule["alert"] for rule in rules()]
    for book in ("docs/runbook.md", "docs/runbook-id.md"):
        assert names == re.findall(r"^### (Kentongan\w+)$", (ROOT / book).read_text(), re.MULTILINE)
