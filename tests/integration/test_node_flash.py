"""A chip is flashed by mpremote itself over a pseudo-terminal, on whose other end MicroPython's Unix port answers."""

import contextlib
import json
import os
import pty
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.releases import Release
from deploy.provisioning.flash import Flasher, FlashFailed
from tests.firmware_interpreter import EMPTY_WORLD, FIRMWARE, HARDWARE, interpreter
from tests.flashed_chip import kentongan
from tests.installation import PATIENCE_S, Installation, eventually

EXIT_OF_SOFT_RESET, EXIT_OF_RESET = 0, 75
PROMPT = b">>> "


class Chip:
    """An interpreter over a folder. Where a chip would begin anew (Ctrl-D, ``machine.reset``), it is started anew."""

    def __init__(self, folder: Path) -> None:
        interpreter()  # fails with a sentence where it is missing
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "world.bin").write_bytes(EMPTY_WORLD)  # of the fake hardware, which is asked to reset
        self._outer, slave = pty.openpty()
        tty.setraw(slave)
        self._slave = slave
        self.port = os.ttyname(slave)
        self.resets = 0
        self._inner, self._terminal = pty.openpty()
        tty.setraw(self._terminal)
        self._ends = False
        self._is_up = threading.Event()  # what is typed before the prompt would be thrown away
        self._process = self._start()
        self._threads = [
            threading.Thread(target=self._carry, args=(self._inner, self._outer), daemon=True),
            threading.Thread(target=self._carry, args=(self._outer, self._inner), daemon=True),
            threading.Thread(target=self._watch, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        assert self._is_up.wait(PATIENCE_S), "no prompt from the interpreter"

    def _start(self) -> subprocess.Popen[bytes]:
        program = Path(sys.executable).with_name("micropython")
        environment = {"PATH": os.environ["PATH"], "MICROPYPATH": f"{HARDWARE}:.frozen", "KENTONGAN_WORLD": "world.bin"}
        end = self._terminal
        return subprocess.Popen([program], stdin=end, stdout=end, stderr=end, cwd=self.folder, env=environment)

    def _carry(self, source: int, target: int) -> None:
        with contextlib.suppress(OSError):
            said = b""
            while data := os.read(source, 4096):
                os.write(target, data)
                said = (said + data)[-4096 - len(PROMPT) :]
                if source == self._inner and PROMPT in said:
                    said = b""
                    self._is_up.set()

    def _watch(self) -> None:
        while True:
            status = self._process.wait()
            if self._ends:
                return
            os.write(self._outer, b"\r\nMPY: soft reboot\r\n")
            self.resets += status == EXIT_OF_RESET
            self._is_up.clear()
            self._process = self._start()
            if status == EXIT_OF_SOFT_RESET and self._is_up.wait(PATIENCE_S):
                os.write(self._inner, b"\x01")  # a chip stays in the raw REPL over a soft reset

    def unplug(self) -> None:
        self._ends = True
        self._process.kill()
        self._process.wait()
        for end in (self._outer, self._inner, self._slave, self._terminal):
            os.close(end)


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[Chip]:
    made = Chip(tmp_path / "flash")
    yield made
    made.unplug()


def test_a_chip_is_flashed(chip: Chip) -> None:
    """Every file byte by byte, of the firmware before nothing, the readings stay; the chip starts anew."""
    (chip.folder / "b").mkdir()
    for name in ("main.py", "b/main.py", "orders.json", "credential.json", "ring"):
        (chip.folder / name).write_text("old")
    release = Release.of_source(FIRMWARE)
    own = {"node.json": b'{"node": "wl-01"}', "ca.der": bytes(range(256))}
    said: list[str] = []
    Flasher(port=chip.port, say=said.append).flash(release, own)
    found = {p.relative_to(chip.folder).as_posix(): p.read_bytes() for p in chip.folder.rglob("*") if p.is_file()}
    expected = {f"a/{name}": data for name, data in release.files.items()}
    expected |= own | {"a/manifest": release.manifest, "main.py": release.loader, "ring": b"old"}
    assert {"slot": "a"} == json.loads(found.pop("slot.json"))
    del found["world.bin"]
    assert expected == found
    assert said[-1].endswith(f"{release.version} is on the chip, and starts")
    eventually(lambda: chip.resets, "the chip to start anew")


def test_a_port_without_a_chip(tmp_path: Path) -> None:
    """One sentence that names the port and what to look at."""
    release = Release.of_source(FIRMWARE)
    with pytest.raises(FlashFailed, match=r"no-such-port.*see that MicroPython is on the chip"):
        Flasher(port=str(tmp_path / "no-such-port"), say=print).flash(release, {})


def test_a_person_flashes_a_node(chip: Chip, tmp_path: Path) -> None:
    """By the command line, from the folder that ``node new`` wrote; another node's folder is refused."""
    with Installation() as installation:
        folder = tmp_path / "wl-01"
        kentongan(installation, "node", "new", "wl-01", "--station", "welang", "--out", str(folder))
        words = ("node", "flash", "wl-01", "--port", chip.port)
        told = kentongan(installation, *words, "--folder", str(folder))
        assert "wl-01 should be heard within some minutes" in told
        assert (folder / "node.json").read_bytes() == (chip.folder / "node.json").read_bytes()
        told = kentongan(installation, *words)
        assert "wl-01 has a new credential, which goes onto the chip and nowhere else; its old one is void" in told
        assert (folder / "node.json").read_bytes() != (chip.folder / "node.json").read_bytes()
        kentongan(installation, "node", "new", "wl-02", "--station", "welang", "--out", str(tmp_path / "wl-02"))
        told = kentongan(installation, *words, "--folder", str(tmp_path / "wl-02"), code=2)
        assert "it is of node 'wl-02', not of 'wl-01'" in told
