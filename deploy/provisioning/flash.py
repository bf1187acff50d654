"""Puts the firmware, the loader and a node's own files onto a chip over USB, by mpremote.

The loader goes to the root as ``main.py``, the firmware into copy a, its manifest last; ``slot.json`` then names that
copy. What was there of another firmware is removed first; the ring of readings stays.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from broker.releases import MANIFEST, Release

COPY: Final = "a"
PATIENCE_S: Final = 280.0  # a slow chip takes two minutes; the watchdog of what ran before bites after five
# The other copy goes too, and what the chip knew of updates and orders: it is a new node from here on.
_CLEAN: Final = """
import os
def wipe(path):
    for entry in list(os.ilistdir(path)):
        name = path + "/" + entry[0]
        if entry[1] & 0x4000:
            wipe(name)
        else:
            os.remove(name)
    os.rmdir(path)
there = os.listdir()
for name in ("slot.json", "main.py", "orders.json", "config.sealed", "credential.json"):
    if name in there:
        os.remove(name)
for name in ("a", "b"):
    if name in there:
        wipe(name)
"""


class FlashFailed(Exception):
    """The chip was not flashed; the text says at which step, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flasher:
    """``port`` is a serial device such as /dev/ttyUSB0. ``say`` hears of each step."""

    port: str
    say: Callable[[str], None]

    def flash(self, release: Release, own: dict[str, bytes]) -> None:
        """Write everything and start the node; ``own`` are its own files by name; raises :class:`FlashFailed`."""
        with tempfile.TemporaryDirectory(prefix="kentongan-flash-") as folder:
            root = Path(folder)
            firmware = root / COPY
            release.write(firmware)
            (firmware / "boot.py").unlink()
            manifest = (firmware / MANIFEST).rename(root / MANIFEST)
            (root / "main.py").write_bytes(release.loader)
            (root / "slot.json").write_bytes(msgspec.json.encode({"slot": COPY}))
            for name, data in own.items():
                path = root / name
                path.touch(mode=0o600)
                path.write_bytes(data)
            self._write(root, firmware, manifest, sorted(own))
        self.say(f"{self.port}: {release.version} is on the chip, and starts")

    def _write(self, root: Path, firmware: Path, manifest: Path, own: Sequence[str]) -> None:
        """In one conversation, main.py last: a chip whose cable was pulled starts nothing."""
        self.say(f"{self.port}: writes the firmware, a minute or two; leave the cable in")
        folders = sorted({path.parent for path in firmware.rglob("*.py")})
        names = [f"{COPY}/{folder.relative_to(firmware)}".removesuffix("/.") for folder in folders]
        steps = [["exec", _CLEAN + "".join(f"os.mkdir({name!r})\n" for name in names)]]
        for folder, name in zip(folders, names, strict=True):
            steps.append(["fs", "cp", *map(str, sorted(folder.glob("*.py"))), f":{name}/"])
        steps.append(["fs", "cp", str(manifest), f":{COPY}/{MANIFEST}"])
        steps += [["fs", "cp", str(root / name), f":{name}"] for name in (*own, "slot.json", "main.py")]
        self._run([word for step in [*steps, ["reset"]] for word in ("+", *step)])

    def _run(self, words: Sequence[str]) -> None:
        argv = [sys.executable, "-m", "mpremote", "connect", self.port, *words]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            raise FlashFailed(
                f"{self.port}: the chip did not answer within {PATIENCE_S:g} s; press its reset button and run the "
                "command again"
            ) from None
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            raise FlashFailed(
                f"{self.port}: {said}; see that MicroPython is on the chip, that the cable carries data, and that no "
                "other program holds the port, then run the command again"
            )
