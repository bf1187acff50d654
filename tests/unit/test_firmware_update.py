"""An update over the air in the real interpreter: the loader and the firmware's own modules over files, cut anywhere.

The script is the chip: a start (the loader chooses a copy), then the update of that copy, served from a folder as core
would. ``kill -9`` falls before, within and after each change of a file.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from broker import orders, releases
from broker.releases import Release
from tests.firmware_interpreter import FIRMWARE, interpreter, run

KEY = "0123456789abcdef" * 4
TOPIC = "ews/v1/node-a/"
SHARED = ("orders.py", "trial.py", "update.py")  # the firmware itself; what it updates here is small
PATIENCE_S = 60

# The firmware of these tests: what the node's main does about updates, over a folder instead of a broker.
MAIN = """
import asyncio
import json
import os
import sys
import cuts
import orders
import trial
import update
from orders import Orders
FIRMWARE = "%s"
WORKS = %s
for module in (orders, trial, update):
    module.open, module.os = cuts.open, cuts.Os()

def serve(asked):
    want = json.loads(asked)
    print("want", want["file"], want["at"])
    with open("release/" + want["version"] + "/" + want["file"], "rb") as file:
        file.seek(want["at"])
        data = file.read(%d)
    return ("%%s %%s %%d\\n" %% (want["version"], want["file"], want["at"])).encode() + data

async def run():
    print("RUNS", FIRMWARE)
    own = Orders(open("key").read(), "orders.json")
    state = trial.Trial(own)
    if WORKS and state.number is not None:
        print(state.acknowledged(FIRMWARE))
    it = update.Update(own, "%s", state, FIRMWARE)
    for name in sorted(os.listdir("kept")):
        with open("kept/" + name, "rb") as file:
            print(it.hear(file.read()))
    asked = await it.next()
    while asked is not None:
        print(it.part(serve(asked)) or "part")
        asked = await it.next()
    print("RESULT", json.dumps(state.result))
    print("CUTS", cuts.seen)
    if it.wants_reset or (state.number is not None and not WORKS):
        sys.exit(76)
    sys.exit(0)

def main():
    asyncio.run(run())
"""

# Every change of a file is counted; at the chosen one the process is killed: before it, with half of it done, or after.
CUTS = """
import os
import builtins
at = int(os.getenv("CUT") or "-1")
seen = 0

def cut():
    global seen
    seen += 1
    if seen == at:
        os.system("kill -9 $PPID")

def around(change, *arguments):
    cut()  # after it is before the next
    return change(*arguments)

class Os:
    def __getattr__(self, name):
        change = getattr(os, name)
        if name in ("rename", "remove", "mkdir", "rmdir"):
            return lambda *arguments: around(change, *arguments)
        return change

class File:
    def __init__(self, file):
        self._file = file
    def write(self, data):
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        cut()
        return half + self._file.write(data[half:])
    def __getattr__(self, name):
        return getattr(self._file, name)
    def __enter__(self):
        return self
    def __exit__(self, *error):
        self._file.close()

def open(path, mode="r"):
    if mode == "r" or mode == "rb":
        return builtins.open(path, mode)
    cut()
    return File(builtins.open(path, mode))
"""


MACHINE = """
import sys

class WDT:
    def __init__(self, timeout):
        pass

def reset():
    sys.exit(76)
"""

START = """
import boot
import cuts
boot.open, boot.os = cuts.open, cuts.Os()
boot.main()
"""


class Chip:
    """A flash folder with firmware 0.2.0 in copy a."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def new(cls, folder: Path) -> Self:
        (folder / "kept").mkdir(parents=True)
        for name, text in {"key": KEY, "machine.py": MACHINE, "cuts.py": CUTS, "start.py": START}.items():
            (folder / name).write_text(text)
        for name in ("boot.py", *SHARED):
            shutil.copy(FIRMWARE / name, folder)
        OLD.write(folder / "a")
        (folder / "slot.json").write_text('{"slot": "a"}')
        return cls(folder)

    def copy(self, folder: Path) -> "Chip":
        shutil.copytree(self.folder, folder)
        return Chip(folder)

    def order(self, release: Release, number: int, *, key: str = KEY, topic: str = TOPIC, **changes: Any) -> None:
        release.write(self.folder / "release" / release.version)
        sealed = orders.seal(key, topic + "update", releases.order(release, number) | changes)
        (self.folder / "kept" / f"{number:04d}").write_bytes(sealed)

    def start(self, *, cut: int = -1) -> "Start":
        """One start of the chip; the power goes at the change of a file with the number ``cut``."""
        command, environment = interpreter("-X", "heapsize=400k", "start.py")
        environment |= {"MICROPYPATH": ".frozen", "CUT": str(cut)}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode in {0, 76, -9}, done.stdout + done.stderr
        return Start(words=done.stdout, status=done.returncode)

    def settle(self, *among: Release) -> list["Start"]:
        """Starts until one stays up. Each runs a copy that is whole, byte by byte, of one of these releases."""
        starts = []
        for _ in range(8):
            starts.append(self.start())
            ran = starts[-1]
            (release,) = (each for each in among if each.version == ran.version)
            for name, data in release.files.items():
                assert data == (self.folder / ran.slot / name).read_bytes(), name
            if ran.status == 0:
                return starts
        raise AssertionError(f"the chip resets again and again: {starts[-1].words}")


@dataclass(frozen=True, kw_only=True)
class Start:
    words: str
    status: int

    @property
    def slot(self) -> str:
        return self._after("starts copy ")[0]

    @property
    def version(self) -> str:
        return self._after("RUNS ")

    @property
    def result(self) -> Any:
        return json.loads(self._after("RESULT "))

    @property
    def changes(self) -> int:
        """How many times a file could have been cut."""
        return int(self._after("CUTS "))

    def _after(self, label: str) -> str:
        found = [line for line in self.words.splitlines() if line.startswith(label)]
        assert found, f"no {label!r} in {self.words}"
        return found[-1].removeprefix(label)


def firmware(version: str, *, works: bool = True, extra: bytes = b"# the same in each version\n" * 40) -> Release:
    main = MAIN % (version, works, releases.PART_BYTES, TOPIC)
    files = {"main.py": main.encode(), "drivers/relay.py": extra, "news.py": f"# {version}\n".encode() * 500}
    return Release(version=version, files=files, loader=b"#")


OLD = firmware("0.2.0")
NEW = firmware("0.3.0")
BROKEN = firmware("0.3.0", works=False)


@pytest.fixture
def chip(tmp_path: Path) -> Chip:
    interpreter()
    return Chip.new(tmp_path / "flash")


def test_an_update_runs_and_stays(chip: Chip) -> None:
    """Fetched, started on trial, permanent once core has a reading of it; what it said is in its result."""
    chip.order(NEW, 5)
    fetching, trial, later = chip.settle(OLD, NEW)
    assert [("a", "0.2.0"), ("b", "0.3.0"), ("b", "0.3.0")] == [(s.slot, s.version) for s in (fetching, trial, later)]
    assert ([5, "starts 0.3.0"], [5, "runs 0.3.0"]) == (fetching.result, trial.result)
    assert {"slot": "b"} == json.loads((chip.folder / "slot.json").read_text())
    assert 5 == json.loads((chip.folder / "orders.json").read_text())["update"]
    assert [] == [path.name for path in chip.folder.rglob("*") if path.suffix in {".part", ".copy", ".new"}]


def test_a_file_that_did_not_change_is_not_fetched(chip: Chip) -> None:
    """It is copied from the firmware that runs: a small change costs a small download."""
    chip.order(NEW, 5)
    words = chip.start().words
    assert "want news.py" in words
    assert "want drivers/relay.py" not in words


@pytest.mark.parametrize(
    ("wanted", "ends_with", "turns"), [(NEW, "0.3.0", (0, 35)), (BROKEN, "0.2.0", (1, 12))], ids=["works", "fails"]
)
def test_killed_at_every_step(
    tmp_path: Path, chip: Chip, wanted: Release, ends_with: str, turns: tuple[int, int]
) -> None:
    """Whenever the power goes, the next start runs the old or the new firmware, whole, and the update ends as it would.

    In each start of the way, before, within and after each change of a file, the loader's own among them.
    """
    chip.order(wanted, 5)
    first, least = turns
    number = 0
    for turn in range(8):
        before = chip.copy(tmp_path / f"turn-{turn}")
        whole = chip.start()
        for cut in range(1, whole.changes + 1 if turn >= first else 0):  # both are fetched alike
            victim = before.copy(tmp_path / f"cut-{turn}-{cut}")
            assert -9 == victim.start(cut=cut).status
            assert ends_with == victim.settle(OLD, wanted)[-1].version
            shutil.rmtree(victim.folder)
            number += 1
        if whole.status == 0:
            break
    assert ends_with == whole.version
    assert number >= least


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "0.1.9"}, "refused: 0.1.9 is older than 0.2.0, which runs"),
        ({"version": "0.2"}, "refused: it names no version"),
        ({"sha256": "00"}, "refused: it does not name a manifest"),
        ({"size": 0}, "refused: it does not name a manifest"),
        ({"sha256": "0" * 64}, "refused: manifest is not what the order promises"),
        ({"size": 20}, "refused: manifest is not what the order promises"),
        ({"size": 9000}, "refused: core has no manifest of 0.3.0"),
        ({"version": "0.2.0"}, "runs 0.2.0"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_order_that_is_not_in_order(chip: Chip, changes: dict[str, Any], said: str) -> None:
    """It is refused by its fault, is not tried again, and costs the firmware that runs nothing."""
    chip.order(NEW, 5, **changes)
    (start,) = chip.settle(OLD)
    assert ([5, said], "0.2.0") == (start.result, start.version)
    again = chip.start()
    assert "want" not in again.words.replace("wanted", "")
    assert not (chip.folder / "b" / "manifest").exists()


@pytest.mark.parametrize(
    "order", [{"key": "f" * 64}, {"topic": "ews/v1/node-b/"}, {"topic": "latihan/v1/node-a/"}], ids=str
)
def test_an_order_that_is_not_ours(chip: Chip, order: dict[str, Any]) -> None:
    """Another key, another node's, another realm's: not a byte is fetched, and its number is not spent."""
    chip.order(NEW, 5, **order)
    (start,) = chip.settle(OLD)
    assert "update refused: the seal is not ours" in start.words
    assert not (chip.folder / "orders.json").exists()
    chip.order(NEW, 5)
    assert "0.3.0" == chip.settle(OLD, NEW)[-1].version


def test_an_older_version_on_purpose(chip: Chip) -> None:
    """A sealed order back is obeyed; meanwhile only one copy took the flash's place, which the ring needs."""
    chip.order(NEW, 5)
    chip.settle(OLD, NEW)
    assert (False, True) == tuple((chip.folder / slot).exists() for slot in "ab")
    chip.order(OLD, 6, back=True)
    assert "0.2.0" == chip.settle(OLD, NEW)[-1].version
    assert (True, False) == tuple((chip.folder / slot).exists() for slot in "ab")


@pytest.mark.parametrize("how", ["changed", "short", "gone", "empty"])
def test_a_file_that_is_not_what_the_manifest_says(chip: Chip, how: str) -> None:
    """It is fetched again, three times in all, and then the update ends; nothing of it is left."""
    chip.order(NEW, 5)
    path = chip.folder / "release" / "0.3.0" / "news.py"
    whole = path.read_bytes()
    path.write_bytes({"changed": whole[:-1] + b"!", "short": whole[:-1], "gone": b"", "empty": whole[:2048]}[how])
    (start,) = chip.settle(OLD)
    told = "news.py is not what the order promises" if how == "changed" else "core has no news.py of 0.3.0"
    assert [5, f"refused: {told}"] == start.result
    assert not (chip.folder / "b").exists()


def test_a_newer_order_takes_the_place_of_one_under_way(chip: Chip) -> None:
    """What was staged of the other is not mixed into it."""
    newest = firmware("0.4.0", extra=b"# quite another\n" * 60)
    chip.order(NEW, 5)
    half = chip.start(cut=12)
    assert -9 == half.status
    chip.order(newest, 6)
    assert "0.4.0" == chip.settle(OLD, NEW, newest)[-1].version


def test_a_state_that_is_lost(chip: Chip) -> None:
    """Without slot.json, or with half of it, a copy that is whole starts; without a whole one the first is tried."""
    for state in (b"", b'{"slot": ', b"[]", b'{"slot": "c"}', b'{"slot": "b"}'):
        (chip.folder / "slot.json").write_bytes(state)
        assert "0.2.0" == chip.start().version
    (chip.folder / "slot.json").unlink()
    assert "0.2.0" == chip.start().version


FULL = """
import asyncio
import json
import os
import sys
class Ram:
    def __init__(self, blocks):
        self.data = bytearray(blocks * 4096)
    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = self.data[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        self.data[at : at + len(buffer)] = buffer
    def ioctl(self, what, argument):
        return {4: len(self.data) // 4096, 5: 4096}.get(what, 0)
import orders
import trial
import update
chip = Ram(16)
os.VfsLfs2.mkfs(chip)
os.mount(os.VfsLfs2(chip), "/flash")
os.chdir("/flash")
os.mkdir("a")
with open("a/main.py", "w") as file:
    file.write("old")
sys.path.insert(0, "a")
own = orders.Orders(%r, "orders.json")
state = trial.Trial(own)
it = update.Update(own, %r, state, "0.2.0")
from binascii import unhexlify
said = [it.hear(unhexlify(%r))]
parts = [unhexlify(part) for part in %r]
async def run():
    while (asked := await it.next()) is not None:
        want = json.loads(asked)
        head = ("%%s %%s %%d\\n" %% (want["version"], want["file"], want["at"])).encode()
        data = parts[0] if want["file"] == "manifest" else parts[1]
        said.append(it.part(head + data[want["at"] : want["at"] + 2048]))
asyncio.run(run())
print(json.dumps([said[0], state.result, os.listdir(), open("a/main.py").read(), it.wants_reset]))
"""


def test_a_full_flash(tmp_path: Path) -> None:
    """On littlefs of 64 kB: the update ends with the flash's own word, leaves nothing, and what runs is untouched."""
    big = Release(version="0.3.0", files={"main.py": b"x" * 60_000}, loader=b"#")
    sealed = orders.seal(KEY, TOPIC + "update", releases.order(big, 7))
    parts = [big.manifest.hex(), big.files["main.py"].hex()]
    said, result, left, running, wants_reset = run(FULL % (KEY, TOPIC, sealed.hex(), parts), tmp_path)
    assert "fetches 0.3.0" == said
    assert [7, "refused: the flash refuses it: OSError(28,)"] == result
    assert (["a", "orders.json"], "old", False) == (sorted(left), running, wants_reset)


LATE = """
import json
import sys
import trial
from orders import Orders
now = 0
trial.ticks_ms = lambda: now
trial.ticks_diff = lambda end, start: end - start
sys.path.insert(0, "b")
with open("slot.json", "w") as file:
    file.write('{"slot": "b", "before": "a", "starts": 1, "n": 7}')
found = []
it = trial.Trial(Orders(%r, "orders.json"))
for now in (0, 1199999, 1200000):
    found.append(it.is_late())
it.acknowledged("0.3.0")
found.append(it.is_late())
sys.path[0] = "a"  # the loader could not count this start: not ours to judge
with open("slot.json", "w") as file:
    file.write('{"slot": "b", "before": "a", "starts": 1, "n": 8}')
it = trial.Trial(Orders(%r, "orders.json"))
found.append([it.number, it.acknowledged("0.2.0"), open("slot.json").read()])
print(json.dumps(found))
"""


def test_a_copy_on_trial_has_twenty_minutes(tmp_path: Path) -> None:
    """Without core it is given up then; once core has a reading it has all the time; another copy's trial stays."""
    *late, other = run(LATE % (KEY, KEY), tmp_path)
    assert [False, False, True, False] == late
    assert [None, None, '{"slot": "b", "before": "a", "starts": 1, "n": 8}'] == other
