"""``deploy/compose.yaml`` and its image: nothing unencrypted published, no secret inside, every part looked after.

No image is built here: that needs a Docker engine.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # has no types of its own

from deploy import cli

NOT_OURS = {"https", "influxdb", "prometheus", "grafana"}
WANTED = {"machine", "mosquitto", "core", "history", "web", "watch", *NOT_OURS}


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((root / "deploy/compose.yaml").read_text())["services"]
    return found


def test_every_part_is_there_and_looked_after(services: dict[str, dict[str, Any]]) -> None:
    """Started again, without rights, with an end to its memory and its log, and asked how it is - or said why not."""
    assert set(services) == WANTED
    for name, each in services.items():
        assert "always" == each["restart"], name
        assert ["ALL"] == each["cap_drop"], name
        assert ["no-new-privileges:true"] == each["security_opt"], name
        assert "max-size" in each["logging"]["options"], name
        assert name in {"machine", "watch"} or "mem_limit" in each, name
        assert "healthcheck" in each or name == "web", name  # the image's own is of web


def test_only_tls_is_published(services: dict[str, dict[str, Any]]) -> None:
    """The broker for nodes and the pages by https; the rest stays on the loopback that all parts share."""
    assert ["8883:8883", "443:443"] == services["machine"]["ports"]
    assert {name for name, each in services.items() if "ports" in each} == {"machine"}
    assert {each.get("network_mode") for name, each in services.items() if name != "machine"} == {"service:machine"}
    assert "127.0.0.1:8086" == services["influxdb"]["environment"]["INFLUXD_HTTP_BIND_ADDRESS"]
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert "127.0.0.1" == services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"]


def test_no_secret_is_in_the_file(services: dict[str, dict[str, Any]]) -> None:
    """Each comes from a file; a folder that is not named ends the start with a sentence."""
    for each in services.values():
        for key, value in each.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY", key):
                assert (True, "/run/") == (key.endswith("FILE"), value[:5]), key
    mounts = [volume for each in services.values() for volume in each.get("volumes", [])]
    assert {":?" in volume for volume in mounts if volume.startswith("$")} == {True}


def test_what_is_mounted_from_the_checkout_is_there(root: Path, services: dict[str, dict[str, Any]]) -> None:
    """Docker would make a folder of a file that is missing, and say nothing."""
    mounts = [volume for each in services.values() for volume in each.get("volumes", [])]
    files = [volume.split(":")[0] for volume in mounts if volume.startswith("./")]
    assert 5 <= len(files)
    assert [] == [file for file in files if not (root / "deploy" / file).exists()]


def test_every_command_of_ours_is_understood(services: dict[str, dict[str, Any]]) -> None:
    """As ``kentongan`` takes it."""
    ours = {name: each["command"] for name, each in services.items() if name not in {"machine", *NOT_OURS}}
    for program, *words in ours.values():
        assert "kentongan" == program
        cli.build_parser(words[0]).parse_args(words)


def test_the_image_is_nobodys_and_of_the_lock(root: Path) -> None:
    """Packages by hash alone, and a program that does not run as root."""
    lines = (root / "deploy/container/Dockerfile").read_text().replace("\\\n", " ").splitlines()
    installs = [each for line in lines for each in re.findall(r"pip install [^&]+", line)]
    assert 3 == len(installs)
    assert all("--require-hashes" in each or "--no-deps --no-build-isolation" in each for each in installs)
    assert "USER 10001:10001" in lines
    copied = {line.split()[1] for line in lines if re.match(r"COPY [a-z_]+ [a-z_]+$", line)}
    assert {"alerting", "broker", "deploy", "edge", "firmware_sim", "ingest"} <= copied


def test_the_stream_is_not_buffered_in_a_container_either(root: Path) -> None:
    """As in the sample for a server."""
    text = (root / "deploy/container/nginx.conf").read_text()
    stream = text[text.index("location = /events") :]
    assert "proxy_buffering off;" in stream[: stream.index("}")]
    assert ["443 ssl"] == re.findall(r"listen ([^;]+);", text)
