"""The generated configuration, and the check that reads it back."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker import certificates, mosquitto, topics
from broker.credentials import CredentialStore
from broker.mosquitto import BadBrokerSettings, BrokerSettings, MosquittoMissing, Rule
from broker.mosquitto_check import LEAST_QUEUED_MESSAGES, MosquittoMisconfigured, check
from broker.topics import KINDS, REALMS, Realm


@pytest.fixture
def settings(tmp_path: Path) -> BrokerSettings:
    """A broker that is ready to start."""
    made = BrokerSettings(realm="ews", folder=tmp_path / "broker")
    mosquitto.prepare_folder(made)
    now = datetime.now(UTC)
    authority = certificates.ensure_authority(tmp_path, now=now)
    certificates.ensure_server_certificate(made.certificate, authority, names=[], now=now)
    store = CredentialStore(passwords=made.passwords, services=tmp_path / "services.json")
    store.ensure_services()
    store.add("node-a")
    mosquitto.write_configuration(made)
    return made


def problems(settings: BrokerSettings) -> list[str]:
    with pytest.raises(MosquittoMisconfigured) as found:
        check(settings)
    return str(found.value).splitlines()


def change(path: Path, old: str, new: str) -> None:
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))


def test_what_we_write_passes(settings: BrokerSettings) -> None:
    """A fresh installation has no problem."""
    check(settings)


@pytest.mark.parametrize("realm", REALMS)
def test_nothing_crosses_from_one_realm_to_the_other(realm: Realm) -> None:
    """Each rule of a broker, but the probe's, is about its own realm's topics."""
    others = {rule for rule in mosquitto.access_rules(realm) if not rule.topic.startswith(f"{realm}/v1/")}
    assert others == {Rule("probe", "read", "$SYS/broker/#")}


def test_every_kind_of_topic_has_one_side_that_writes_and_one_that_reads() -> None:
    """What nodes write core reads, and the other way round."""
    rules = mosquitto.access_rules("ews")
    ours = {kind: {(rule.user, rule.access) for rule in rules if rule.topic.endswith(f"/{kind}")} for kind in KINDS}
    up, down = {(None, "write"), ("core", "read")}, {(None, "read"), ("core", "write")}
    assert ours == dict.fromkeys(topics.FROM_NODES, up) | dict.fromkeys(topics.TO_NODES, down)


def test_patterns_stand_before_any_user(settings: BrokerSettings) -> None:
    """A reader of the file must not take them for the last user's."""
    words = [line.split()[0] for line in settings.access_list.read_text().splitlines() if not line.startswith("#")]
    assert words == sorted(words, key=lambda word: word != "pattern")


def test_comments_have_their_own_lines(settings: BrokerSettings) -> None:
    """Behind a value Mosquitto would read one as a part of it."""
    lines = settings.config.read_text().splitlines()
    assert [line for line in lines if "#" in line and not line.startswith("#")] == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("allow_anonymous false", "allow_anonymous true", "allow_anonymous is true: write allow_anonymous false"),
        ("allow_anonymous false", "", "allow_anonymous is not set: write allow_anonymous false"),
        ("persistence true", "persistence false", "persistence is false"),
        ("/passwords", "/others", "password_file is"),
        ("/acl", "/others", "acl_file is"),
        ("max_queued_messages 500000", "max_queued_messages 1000", f"a number from {LEAST_QUEUED_MESSAGES}"),
        ("max_queued_messages 500000", "", "max_queued_messages is not set"),
        ("max_queued_bytes 268435456", "max_queued_bytes 0", "max_queued_bytes is 0"),
        ("max_inflight_messages 4000", "max_inflight_messages 20", "max_inflight_messages is 20"),
        ("max_packet_size 73728", "max_packet_size 65536", "max_packet_size is 65536"),
        ("autosave_interval 30", "autosave_interval 1800", "autosave_interval is 1800"),
        ("1883 127.0.0.1", "1883 0.0.0.0", "open to the network: write listener 1883 127.0.0.1"),
        ("1883 127.0.0.1", "1883", "open to the network"),
        ("1883 127.0.0.1", "1884 127.0.0.1", "write listeners for 1883 and 8883"),
        ("use_username_as_clientid true", "", "could take another's session"),
        ("tls_version tlsv1.2", "tls_version tlsv1.1", "write tls_version tlsv1.2"),
        ("tls_version tlsv1.2", "", "write tls_version tlsv1.2"),
        ("keyfile ", "keyfile /etc", "certfile and keyfile must both be"),
        ("# Nodes.", "include_dir /etc/mosquitto/conf.d", "include_dir is not an option of ours"),
        ("# Nodes.", "listener 1885 0.0.0.0", "listener 1885 0.0.0.0: not encrypted"),
        ("# Nodes.", "allow_anonymous false", "allow_anonymous stands twice"),
    ],
)
def test_a_changed_configuration_is_noticed(settings: BrokerSettings, old: str, new: str, problem: str) -> None:
    """Whatever we rely on is named when it does not hold, with what to write instead."""
    change(settings.config, old, new)
    assert [line for line in problems(settings) if problem in line and str(settings.config) in line] != []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "pattern write ews/v1/%u/obs",
            "pattern write ews/v1/+/obs",
            "pattern write ews/v1/+/obs gives more than is due",
        ),
        ("pattern write ews/v1/%u/obs", "", "pattern write ews/v1/%u/obs is missing"),
        ("user core", "user node-a", "user 'node-a': topic read ews/v1/+/obs gives more than is due"),
        ("user core\n", "", "user '': topic"),
        ("topic read ews/v1/+/obs", "topic readwrite #", "topic readwrite # gives more than is due"),
        ("topic read ews/v1/+/obs", "topic ews/v1/+/obs", "is not a line of ours"),
    ],
)
def test_a_changed_access_list_is_noticed(settings: BrokerSettings, old: str, new: str, problem: str) -> None:
    """One rule more or less than the contract asks for is named."""
    change(settings.access_list, old, new)
    assert [line for line in problems(settings) if problem in line and str(settings.access_list) in line] != []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("node-b:secret", "'node-b' has no hash"),
        ("#:$7$101$a$b", "'#' may not name a node"),
        ("+:$7$101$a$b", "'+' may not name a node"),
        ("out:$7$101$a$b", "'out' may not name a node"),
        ("node-a:$7$101$a$b", "'node-a' stands twice"),
    ],
)
def test_a_changed_password_file_is_noticed(settings: BrokerSettings, line: str, problem: str) -> None:
    """A name or password that we would not have written is named, and the password itself is not."""
    settings.passwords.write_text(settings.passwords.read_text() + line + "\n")
    found = problems(settings)
    assert [each for each in found if problem in each] != []
    assert [each for each in found if "secret" in each] == []


def test_a_service_without_a_password_is_noticed(settings: BrokerSettings) -> None:
    """Core could not connect."""
    change(settings.passwords, "core:", "cora:")
    assert [line for line in problems(settings) if "our service 'core' is missing" in line] != []


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    """Before anything was made, each thing that a broker needs is asked for at once."""
    empty = BrokerSettings(realm="ews", folder=tmp_path)
    named = {line.partition(":")[0] for line in problems(empty)}
    assert named == {
        str(path) for path in (empty.config, empty.access_list, empty.passwords, empty.certificate, empty.data)
    }


def test_files_that_others_can_read_are_noticed(settings: BrokerSettings) -> None:
    """Keys, hashes and rules are for the broker alone; the remedy is a command."""
    files = (settings.config, settings.access_list, settings.passwords, settings.certificate)
    for path in files:
        path.chmod(0o644)
    expected = [f"{path}: others can read or change it: chmod go= {path}" for path in files]
    assert problems(settings) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"folder": Path("relative")},
        {"folder": Path("/srv/a\nuser root")},
        {"node_host": "0.0.0.0\nallow_anonymous true"},
        {"node_host": "ews.example"},
        {"node_port": 0},
        {"local_port": 65536},
        {"node_port": 1883},
    ],
)
def test_settings_that_no_file_can_hold_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """No setting can smuggle a line into the configuration."""
    right: dict[str, Any] = {"realm": "ews", "folder": tmp_path}
    BrokerSettings(**right)
    with pytest.raises(BadBrokerSettings):
        BrokerSettings(**(right | wrong))


def program_that_says(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit 3\n")
    path.chmod(0o755)
    return path


def test_the_version_is_read_from_the_help_text(tmp_path: Path) -> None:
    """It is printed with an exit status that is not 0."""
    program = program_that_says(tmp_path / "mosquitto", "mosquitto version 2.1.2")
    assert mosquitto.mosquitto_version(program) == (2, 1, 2)


def test_an_old_mosquitto_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.6 would start, without half of what the configuration asks for."""
    program_that_says(tmp_path / "mosquitto", "mosquitto version 1.6.9")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(MosquittoMissing, match=r"is 1\.6\.9; 2\.0 or later is needed"):
        mosquitto.find_mosquitto()


def test_something_else_of_that_name_is_refused(tmp_path: Path) -> None:
    """A program that does not say that it is Mosquitto is not started."""
    with pytest.raises(MosquittoMissing, match="does not tell its version"):
        mosquitto.mosquitto_version(program_that_says(tmp_path / "mosquitto", "hello"))
    with pytest.raises(MosquittoMissing, match="cannot be run"):
        mosquitto.mosquitto_version(tmp_path / "nothing")


def test_a_missing_mosquitto_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install."""
    monkeypatch.setattr("broker.mosquitto.SYSTEM_PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MosquittoMissing, match="apt-get install mosquitto"):
        mosquitto.find_mosquitto()


def test_a_reload_is_a_sighup() -> None:
    """The one signal that does not end a broker."""
    waiting = "import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]); print(flush=True); "
    waiting += "sys.exit(signal.sigwait([signal.SIGHUP]))"
    with subprocess.Popen([sys.executable, "-c", waiting], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        mosquitto.reload(process.pid)
        assert process.wait(10) == signal.SIGHUP


def test_a_folder_of_another_user_is_refused_with_the_remedy(
    settings: BrokerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is neither root nor the owner is told whom to be."""
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(BadBrokerSettings, match=f"belongs to user id {os.getuid()}: run as that user"):
        mosquitto.prepare_folder(settings)
