"""A flashed chip in its own process: the loader, the firmware and a node's own files, over simulated hardware."""

import contextlib
import io
import subprocess
from pathlib import Path
from typing import Any

from broker.clock import Clock
from broker.releases import Release
from deploy import cli
from deploy.provisioning.node_files import node_document, sensors_of, write_node_folder
from firmware_sim import field
from tests.firmware_interpreter import FIRMWARE, HARDWARE, interpreter
from tests.installation import Installation

HEAP_BYTES = 200 * 1024  # as much as 100 kB on an ESP32


class FlashedChip:
    """Its folder is the flash; the process is killed and started at will."""

    def __init__(
        self, installation: Installation, node: str, folder: Path, clock: Clock, *, seal: bool = False
    ) -> None:
        interpreter()
        self.node, self.folder = node, folder
        self._installation, self._clock = installation, clock
        made = installation.ask("node-new", node=node, station="welang", seal=seal)
        password, key, sensors = made["password"], made["order_key"], sensors_of("water")
        document = node_document(installation.settings, node, password, sensors, key, seal=seal)
        write_node_folder(folder, document | {"sample_s": 10}, installation.state)
        release = Release.of_source(FIRMWARE)
        release.write(folder / "a")
        (folder / "main.py").write_bytes(release.loader)
        (folder / "slot.json").write_text('{"slot": "a"}')
        field.write_world(field.load("tenang"), "node-welang", folder / "world", clock.now())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "node.log").read_text()

    def start(self) -> None:
        argv, environment = field.micropython_command(["-X", f"heapsize={HEAP_BYTES}", "main.py"])
        environment |= {
            "MICROPYPATH": f"{HARDWARE}:.frozen",
            "KENTONGAN_CLOCK": str(self._clock),
            "KENTONGAN_NODE_DIR": str(self.folder),
            "KENTONGAN_WORLD": str(self.folder / "world"),
        }
        with (self.folder / "node.log").open("ab") as log:
            self._process = subprocess.Popen(argv, env=environment, cwd=self.folder, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def listed(self) -> dict[str, Any]:
        """What core says of it."""
        (row,) = [each for each in self._installation.ask("node-list") if each["node"] == self.node]
        return dict(row)


def kentongan(installation: Installation, *words: str, code: int = 0) -> str:
    """What a command says to a person; fails when it ends with another status than ``code``."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        status = cli.main([*words, "--settings", str(installation.toml)])
    assert code == status, told.getvalue()
    return told.getvalue()
