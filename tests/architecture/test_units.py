"""The units of ``deploy/systemd``: every command is one of ours, each is watched, and each may do little."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import cli

PROGRAM = "/opt/kentongan/current/.venv/bin/kentongan"
WATCHED = ("core", "history", "web", "watch", "gateway@")
CONFINED = {
    "User": "kentongan",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectControlGroups": "yes",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service ~@privileged",
    "UMask": "0077",
}


def settings_of(unit: Path) -> dict[str, str]:
    """Each key with its values, joined as systemd adds them up."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return {key: " ".join(values) for key, values in found.items()}


def units(root: Path) -> dict[str, dict[str, str]]:
    """Settings of every service: {"core": {...}, "modem@": {...}}."""
    files = sorted((root / "deploy/systemd").glob("kentongan-*.service"))
    return {file.stem.removeprefix("kentongan-"): settings_of(file) for file in files}


def test_every_command_of_a_unit_is_understood(root: Path) -> None:
    """The command line of each unit that starts ours is one that ``kentongan`` takes."""
    lines = {name: unit["ExecStart"] for name, unit in units(root).items() if PROGRAM in unit["ExecStart"]}
    assert {"core", "history", "web", "watch", "prepare", "gateway@"} == set(lines)
    for line in lines.values():
        program, *words = shlex.split(line.replace("%i", "one"))
        assert PROGRAM == program
        cli.build_parser(words[0]).parse_args(words)  # ends the test when it does not understand them


def test_what_can_hang_is_watched_by_systemd(root: Path) -> None:
    """Thirty seconds without progress, and it is started anew; it never stays down."""
    for name in WATCHED:
        unit = units(root)[name]
        assert ("notify", "30", "always", "SIGKILL") == tuple(
            unit[key] for key in ("Type", "WatchdogSec", "Restart", "WatchdogSignal")
        ), name
        assert "0" == unit["StartLimitIntervalSec"], name


def test_every_unit_is_confined(root: Path) -> None:
    """What one of them is tricked into, it can do to its own state alone."""
    for name, unit in units(root).items():
        assert CONFINED == {key: unit.get(key) for key in CONFINED}, name
        assert "MemoryMax" in unit, name


def test_the_broker_sees_its_own_folder_alone(root: Path) -> None:
    """It talks with everybody: neither the journal nor a key is in its sight."""
    broker = units(root)["broker"]
    assert "/var/lib/kentongan:ro" == broker["TemporaryFileSystem"]
    assert "/var/lib/kentongan/broker" == broker["BindPaths"]
    assert "-/etc/kentongan" == broker["InaccessiblePaths"]
    assert "ReadWritePaths" not in broker


def test_the_installer_starts_what_there_is(root: Path) -> None:
    """Each unit that is to run on every server is enabled, and none that is not there."""
    script = (root / "deploy/install.sh").read_text()
    enabled = set(
        re.findall(r"kentongan-([a-z]+)\.service", script[script.index("systemctl enable --quiet kentongan.target") :])
    )
    assert {"broker", "core", "history", "web", "watch"} == enabled
    assert enabled < set(units(root))


def test_systemd_finds_no_fault_in_the_units(root: Path, tmp_path: Path) -> None:
    """systemd's own reader, with every program there: no unknown key, no wrong value."""
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is missing: apt-get install systemd")
    system = tmp_path / "etc/systemd/system"
    system.mkdir(parents=True)
    for file in (root / "deploy/systemd").glob("kentongan*"):
        text = re.sub(r"^(Exec\w+=\+?)/\S+", r"\1/bin/true", file.read_text(), flags=re.MULTILINE)
        (system / file.name).write_text(text)
    names = [str(file) for file in system.iterdir() if file.suffix == ".service" and "@" not in file.name]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == "\n".join(line for line in done.stderr.splitlines() if "kentongan" in line)
    assert 0 == done.returncode


def test_the_page_server_passes_the_stream_on_at_once(root: Path) -> None:
    """Buffered, the live page would be minutes late; and what a visitor claims about himself is not passed on."""
    text = (root / "deploy/systemd/nginx.conf").read_text()
    stream = text[text.index("location = /events") :]
    assert "proxy_buffering off;" in stream[: stream.index("}")]
    assert "X-Forwarded-For $remote_addr" in text
    assert "proxy_add_x_forwarded_for" not in text
    placeholders = set(re.findall(r"@[A-Z]+@", text))
    script = (root / "deploy/install.sh").read_text()
    assert placeholders == {each for each in placeholders if f"s|{each}|" in script}
