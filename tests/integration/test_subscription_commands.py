"""The switch and the reports as whoever is on duty types them, with core running and with core stopped."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.installation import Installation

NUMBER, DISTINCT = "0812-7654-3210", "76543210"


@pytest.fixture(scope="module")
def place() -> Iterator[Installation]:
    with Installation(more="[subscription]\nenabled = true\n") as installation:
        installation.start()
        yield installation


def _type(place: Installation, *words: str) -> tuple[int, str]:
    argv = [sys.executable, "-m", "deploy.cli", *words, "--settings", str(place.toml)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_switch_by_its_command(place: Installation) -> None:
    """Shown, closed with a reason, opened; without a name or a reason nothing happens."""
    code, said = _type(place, "subscription", "show")
    assert (0, True) == (code, said.startswith("open:"))
    code, said = _type(place, "subscription", "off", "--by", "Rini", "--reason", "tagihan naik")
    assert (0, True) == (code, said.startswith("switched off; open it with kentongan subscription on"))
    assert 2 == _type(place, "subscription", "on", "--by", "Rini")[0]
    code, said = _type(place, "subscription", "on", "--by", "  ", "--reason", "x")
    assert (2, True) == (code, "who decides it is missing" in said)
    assert 0 == _type(place, "subscription", "on", "--by", "Rini", "--reason", "selesai")[0]


def test_reports_by_their_command_and_no_number_anywhere(place: Installation) -> None:
    """An answer of somebody who was warned is a line; the number is in no log, database or output."""
    now = time.time_ns() // 1_000_000
    assert "no reports" in _type(place, "report", "list")[1]
    sms = {"modem": "m1", "number": NUMBER, "received_at": now}
    assert {"taken": "joined"} == place.ask("sms-received", text="DAFTAR KARANGKETUG", **sms)
    place.ask("alert-raise", scope="Karangketug", level="SIAGA", by="Rini", note="uji")
    notice = place.ask("notice-list", waiting=True)[0]["notice"]
    for by in ("Rini", "Joko"):
        place.ask("notice-approve", notice=notice, by=by)
    place.ask("notice-list")
    assert {"taken": "report"} == place.ask("sms-received", text="1", **{**sms, "received_at": now + 60_000})
    code, said = _type(place, "report", "list", "--hours", "2")
    assert (0, "Karangketug: 1 air di rumah") == (code, said.splitlines()[0])
    assert "Karangketug  (35.75.01.1001.area.1)" in said
    assert 2 == _type(place, "report", "list", "--hours", "0")[0]
    place.kill("core")
    assert "Karangketug: 1 air di rumah" in _type(place, "report", "list")[1]
    # The demonstration's channel stands for a phone: what it writes down is what somebody reads there.
    files = [path for path in place.root.rglob("*") if path.is_file() and path != place.state.demo_messages]
    assert [] == [path.name for path in files if DISTINCT.encode() in path.read_bytes()]
    assert DISTINCT not in said
