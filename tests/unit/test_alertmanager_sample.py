"""The sample for Alertmanager: whom each alarm reaches, what keeps it quiet, and no secret in it.

By hand, with Debian's prometheus-alertmanager: amtool check-config deploy/prometheus/alertmanager.yml
"""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
MATCHER = re.compile(r'(\w+)(!=|=~|!~|=)"([^"]*)"')


def sample() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    return loaded


def alarms() -> dict[str, str]:
    """Severity by name."""
    groups = yaml.safe_load((FOLDER / "kentongan.rules.yml").read_text())["groups"]
    return {rule["alert"]: rule["labels"]["severity"] for group in groups for rule in group["rules"]}


def does_match(matchers: list[str], labels: dict[str, str]) -> bool:
    for text in matchers:
        found = MATCHER.fullmatch(text)
        assert found is not None, text
        label, how, said = found.groups()
        is_like = re.fullmatch(said, labels[label]) is not None if "~" in how else labels[label] == said
        if is_like == how.startswith("!"):
            return False
    return True


def quieted_by(source: str) -> set[str]:
    """The alarms that an alarm keeps quiet."""
    rules = [rule for rule in sample()["inhibit_rules"] if does_match(rule["source_matchers"], {"alertname": source})]
    return {name for rule in rules for name in alarms() if does_match(rule["target_matchers"], {"alertname": name})}


def test_every_severity_has_a_route_to_a_receiver_that_there_is() -> None:
    """Critical wakes somebody at any hour and again; a warning waits for office hours."""
    config = sample()
    routes = {
        name: [r for r in config["route"]["routes"] if does_match(r["matchers"], {"severity": name})]
        for name in set(alarms().values())
    }
    assert {"critical": ["wake"], "warning": ["morning"]} == {
        name: [route["receiver"] for route in found] for name, found in routes.items()
    }
    receivers = {receiver["name"] for receiver in config["receivers"]}
    assert {"wake", "morning"} == receivers
    assert config["route"]["receiver"] in receivers
    assert "active_time_intervals" not in routes["critical"][0]
    assert ["office"] == routes["warning"][0]["active_time_intervals"]


def test_what_quiets_and_is_quieted_are_alarms_that_there_are() -> None:
    """Each rule names an alarm of ours as its source and at least one other; none keeps itself quiet."""
    for rule in sample()["inhibit_rules"]:
        sources = [name for name in alarms() if does_match(rule["source_matchers"], {"alertname": name})]
        assert 1 == len(sources), rule
        quieted = {name for name in alarms() if does_match(rule["target_matchers"], {"alertname": name})}
        assert quieted - set(sources), rule
        assert sources[0] not in quieted, rule


def test_a_cause_is_never_quieted_by_what_follows_from_it() -> None:
    """Otherwise both would be quiet. And what is not of the same cause is heard: a disk, a certificate, a theft."""
    for source in alarms():
        assert all(source not in quieted_by(name) for name in quieted_by(source)), source
    heard = {"KentonganDiskFull", "KentonganCertificateEnds", "KentonganNodeTheft", "KentonganJournalUnwritable"}
    assert not heard & quieted_by("KentonganCoreDown")
    assert "KentonganNoReadings" in quieted_by("KentonganCoreDown")


def test_it_holds_no_secret() -> None:
    """Passwords and tokens are files; addresses are examples."""
    text = (FOLDER / "alertmanager.yml").read_text()
    assert not re.search(r"(?m)^\s*(smtp_auth_password|credentials|password|bearer_token):", text)
    addresses = re.findall(r'[\w.-]+@([\w.-]+)|https?://([\w.-]+)|"([a-z][\w.-]+):\d+"', text)
    assert addresses
    assert all("".join(each).endswith(".example") for each in addresses)
