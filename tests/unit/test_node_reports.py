"""What core makes of a node's own words: its status, and signs of a credential in two hands."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker import releases, wire
from broker.releases import BadRelease, Release
from broker.topics import parse
from deploy.nodes.reports import LOSSES, LOSSES_MS, SUSPECTED_MS, NodeReports

NOW = 1_764_000_000_000
STATUS, WANT = parse(b"ews/v1/wl-01/status"), parse(b"ews/v1/wl-01/want")


def hear(reports: NodeReports, now: int = NOW, *, online: bool = True, **more: Any) -> None:
    assert reports.take(STATUS, json.dumps({"online": online, **more}).encode(), now) is None


def test_the_last_status_stays_while_a_node_is_away() -> None:
    """Its last will says only that it is gone; an empty one, which clears what was retained, says nothing."""
    reports = NodeReports()
    hear(reports, boot=1, firmware="0.2.0")
    hear(reports, online=False)
    reports.take(STATUS, b"", NOW)
    status = reports.of("wl-01").status
    assert status is not None
    assert ("0.2.0", False) == (status.firmware, reports.of("wl-01").is_online)


def test_a_boot_that_comes_back_is_a_second_chip() -> None:
    """Starts follow one another; one that returns after another was there is told of for an hour."""
    reports = NodeReports()
    for boot in (1, 1, 2, 3, 3):
        hear(reports, boot=boot)
    assert [] == reports.problems(NOW)
    hear(reports, boot=2)
    (sentence,) = reports.problems(NOW)
    assert sentence.startswith("Dua alat memakai kredensial simpul wl-01")
    assert [] == reports.problems(NOW + SUSPECTED_MS)


def test_a_connection_that_is_lost_again_and_again() -> None:
    """Six times in ten minutes is told, five are not, and six in an hour are a bad network's usual day."""
    for step, expected in ((LOSSES_MS // LOSSES - 1000, 1), (LOSSES_MS, 0)):
        reports = NodeReports()
        for number in range(LOSSES):
            assert [] == reports.problems(NOW)
            hear(reports, NOW + number * step, boot=1)
            hear(reports, NOW + number * step, online=False)
        assert expected == len(reports.problems(NOW + (LOSSES - 1) * step))


def test_parts_are_served_from_the_release_and_nowhere_else(tmp_path: Path) -> None:
    """The bytes asked for; nothing for another file, byte or version; what is not a question is a dead letter."""
    reports = NodeReports()
    reports.folder = tmp_path
    release = Release(version="0.3.0", files={"main.py": bytes(5000 * [65]), "b.py": b"B"}, loader=b"#")
    release.write(tmp_path / "0.3.0")
    (tmp_path / "secret").write_text("secret")

    def ask(file: str, at: int, version: str = "0.3.0") -> bytes:
        payload = json.dumps({"version": version, "file": file, "at": at}).encode()
        head, _, data = (reports.take(WANT, payload, NOW) or b"").partition(b"\n")
        assert f"{version} {file} {at}".encode() == head
        return data

    assert (2048, 904) == (len(ask("main.py", 2048)), len(ask("main.py", 4096)))
    assert (b"B", release.manifest) == (ask("b.py", 0), ask("manifest", 0))
    assert 5000 == release.fetched("b.py", 0)
    for file, at, version in (
        ("../secret", 0, "0.3.0"),
        ("main.py", 5000, "0.3.0"),
        ("main.py", -1, "0.3.0"),
        ("secret", 0, ".."),
        ("main.py", 0, "0.3.1"),
    ):
        assert b"" == ask(file, at, version)
    for payload in (b"", b"{}", b'{"version": 3}', b"\xff"):
        with pytest.raises(wire.BadPayload):
            reports.take(WANT, payload, NOW)


def test_a_release_that_is_damaged_is_refused(tmp_path: Path) -> None:
    """By a sentence that names it; a folder that is no firmware, too."""
    release = Release(version="0.3.0", files={"main.py": b"A"}, loader=b"#")
    release.write(tmp_path / "0.3.0")
    assert release == Release.read(tmp_path / "0.3.0")
    (tmp_path / "0.3.0" / "main.py").write_bytes(b"B")
    with pytest.raises(BadRelease, match="a file is not what its manifest says: build the release again"):
        Release.read(tmp_path / "0.3.0")
    with pytest.raises(BadRelease, match="is no firmware: it needs"):
        Release.of_source(tmp_path)
    for files in ({"Main.py": b"A"}, {"a/b/c.py": b"A"}, {"main.py": b""}, {"main.py": bytes(releases.MOST_FILE + 1)}):
        with pytest.raises(BadRelease, match="a node takes"):
            Release(version="0.3.0", files=files, loader=b"#").check(tmp_path)
