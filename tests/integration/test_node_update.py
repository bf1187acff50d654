"""A real node on a real broker and core is updated by a person, cut in the middle, and goes back when it must."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.clock import Clock
from broker.releases import Release
from tests.firmware_interpreter import FIRMWARE
from tests.flashed_chip import FlashedChip, kentongan
from tests.installation import Installation, eventually

pytestmark = pytest.mark.timeout(300)
SPEED = 20.0


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)


@pytest.fixture(scope="module")
def installation(clock: Clock) -> Iterator[Installation]:
    with Installation(clock=str(clock)) as made:
        made.start()
        yield made


@pytest.fixture
def chip(
    installation: Installation, tmp_path: Path, clock: Clock, request: pytest.FixtureRequest
) -> Iterator[FlashedChip]:
    node = f"node-{len(request.node.name)}"  # one for each test
    made = FlashedChip(installation, node, tmp_path / "flash", clock)
    made.start()
    yield made
    made.kill()


def firmware(folder: Path, version: str, **changes: tuple[str, str]) -> Path:
    """Our own firmware under another number, each of ``changes`` (file stem: from, to) applied."""
    shutil.copytree(FIRMWARE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    running = Release.of_source(FIRMWARE).version
    for stem, (before, after) in {"main": (f'"{running}"', f'"{version}"')}.items():
        path = folder / f"{stem}.py"
        path.write_text(path.read_text().replace(before, after))
    for stem, (before, after) in changes.items():
        path = folder / f"{stem}.py"
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))
    return folder


def test_a_person_updates_a_node(installation: Installation, chip: FlashedChip, tmp_path: Path) -> None:
    """By one command, with its progress; the power goes twice on the way; the list shows what runs."""
    eventually(lambda: chip.listed()["online"], "the node")
    source = firmware(tmp_path / "new", "9.0.0", beat=("_BINS = 10", "_BINS = 10  # changed"))

    def cut() -> None:
        eventually((chip.folder / "b" / "staged").exists, "the manifest")
        for _ in range(2):
            time.sleep(0.2)  # somewhere on the way, on purpose arbitrary
            chip.kill()
            chip.start()

    power = threading.Thread(target=cut)
    power.start()
    told = kentongan(installation, "node", "update", chip.node, "--release", str(source), "--wait", "80")
    power.join()
    assert f"{chip.node}: runs 9.0.0" in told
    assert "runs 9.0.0" in kentongan(installation, "node", "list")
    before = chip.listed()["last_arrival"]
    eventually(lambda: chip.listed()["last_arrival"] != before, "a reading of the new firmware")
    assert {"slot": "b"} == json.loads((chip.folder / "slot.json").read_text())


def test_a_firmware_that_fails_goes_back(installation: Installation, chip: FlashedChip, tmp_path: Path) -> None:
    """It never reaches core: after three starts the one before it runs again, says so, and goes on measuring."""
    eventually(lambda: chip.listed()["online"], "the node")
    source = firmware(tmp_path / "new", "9.0.1", sampling=("import", "import nothing_of_the_kind\nimport"))
    told = kentongan(installation, "node", "update", chip.node, "--release", str(source), "--wait", "80", code=1)
    running = Release.of_source(FIRMWARE).version
    assert "refused: it never reached core, and the firmware before it runs again" in told
    assert (running, 3) == (chip.listed()["runs"], chip.log.count("starts copy b on trial"))
    before = chip.listed()["last_arrival"]
    eventually(lambda: chip.listed()["last_arrival"] != before, "a reading of the old firmware")
    assert {"slot": "a"} == json.loads((chip.folder / "slot.json").read_text())


def test_updates_that_no_node_should_take(installation: Installation, chip: FlashedChip, tmp_path: Path) -> None:
    """An older version, one that runs already, another release under a known number: each is one sentence."""
    eventually(lambda: chip.listed()["online"], "the node")
    running = Release.of_source(FIRMWARE).version
    older = firmware(tmp_path / "old", "0.0.1")
    told = kentongan(installation, "node", "update", chip.node, "--release", str(older), code=2)
    assert f"{chip.node} runs {running}, which is later than 0.0.1; to go back on purpose say --back" in told
    assert f"{chip.node} runs {running} already" in kentongan(installation, "node", "update", chip.node, code=2)
    other = firmware(tmp_path / "other", "0.0.1", beat=("_BINS = 10", "_BINS = 11"))
    told = kentongan(installation, "node", "update", chip.node, "--release", str(other), code=2)
    assert "give this one another number" in told
    told = kentongan(installation, "node", "update", chip.node, "--release", str(older), "--back", "--wait", "80")
    assert f"{chip.node}: runs 0.0.1" in told
