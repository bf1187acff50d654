"""The ring on flash, in the interpreter that the firmware runs in."""

import errno
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.firmware_interpreter import run

PRELUDE = """
import gc, json, os
from ring import Ring
from segment import Reading

def reading(seq, boot=7, size=20):
    return Reading(boot, seq, 1000 * seq, b"x" * size + b"%d" % seq)

def pending(ring):
    found, _ = ring.oldest(None, 100000, 1 << 30, lambda boot, seq: True)
    return [[each.boot, each.seq] for each in found]
"""

# Three boots' worth of readings, acknowledgements between them, and after each step what is on flash and what is due.
HISTORY = (
    PRELUDE
    + """
ring = Ring("ring", 2048, 8)
steps = []
def step(stored=None, freed=None):
    sizes = {name: os.stat("ring/" + name)[6] for name in os.listdir("ring")}
    steps.append([sizes, stored, freed])
for seq in range(9):
    ring.append(reading(seq, size=seq * 5))
    step(stored=[7, seq])
    if seq == 3:
        ring.acknowledge(7, 0, 1)
        step(freed=[[7, 0], [7, 1]])
    if seq == 5:
        ring.set_offset(7, 1764000000000)
        step()
    if seq == 6:
        ring.acknowledge(7, 5, 5)
        step(freed=[[7, 5]])
"""
)


def recovered_after(folder: Path, change: str, positions: int) -> list[Any]:
    """For each byte position of the last file: ``change`` the file there, recover, append one, recover again."""
    script = (
        HISTORY
        + f"""
name = sorted(os.listdir("ring"))[-1]
whole = open("ring/" + name, "rb").read()
results = []
for at in range({positions} or len(whole)):
    os.system("rm -rf cut; mkdir cut") if at == 0 else [os.remove("cut/" + each) for each in os.listdir("cut")]
    with open("cut/" + name, "wb") as file:
        file.write({change})
    ring = Ring("cut", 2048, 8)
    before = pending(ring)
    bodies = all(each.body == reading(each.seq, size=each.seq * 5).body for each in ring.newest(100))
    ring.append(reading(100, boot=8))
    ring._seal()
    again = Ring("cut", 2048, 8)
    again._seal()
    results.append([at, before, bodies, pending(again), again.offset(7)])
    gc.collect()  # or what stays lies scattered over the whole heap
print(json.dumps([steps, results, len(whole)]))
"""
    )
    result: list[Any] = run(script, folder)
    return result


def test_power_cut_at_every_byte(tmp_path: Path) -> None:
    """Whatever was stored before the cut is there after it, nothing is invented, and the ring goes on."""
    steps, results, size = recovered_after(tmp_path, "whole[:at]", 0)
    assert size == len(results)
    for at, before, bodies_are_right, after, offset in results:
        stored = [tuple(step[1]) for step in steps if step[1] and max(step[0].values()) <= at]
        freed = {tuple(each) for step in steps if step[2] for each in step[2]}
        found = [tuple(each) for each in before]
        assert set(stored) - freed <= set(found), f"cut at byte {at}"
        assert set(found) <= {tuple(step[1]) for step in steps if step[1]}, f"cut at byte {at}"
        assert bodies_are_right
        assert [*found, (8, 100)] == [tuple(each) for each in after], f"cut at byte {at}"
        assert offset in {None, 1764000000000}


def test_acknowledgement_survives_the_next_reading(tmp_path: Path) -> None:
    """What was freed before the last stored reading is not sent again after a power cut."""
    script = HISTORY + 'print(json.dumps([pending(Ring("ring", 2048, 8)), pending(ring)]))'
    found, expected = run(script, tmp_path)
    assert expected == found
    assert [[7, seq] for seq in (2, 3, 4, 6, 7, 8)] == found


def test_flipped_bit_at_every_byte(tmp_path: Path) -> None:
    """A flipped bit costs what stands from there on, and never shows a reading that was not taken."""
    change = "whole[:at] + bytes((whole[at] ^ 0x10,)) + whole[at + 1:]"
    steps, results, _ = recovered_after(tmp_path, change, 0)
    taken = {tuple(step[1]) for step in steps if step[1]}
    for at, before, bodies_are_right, after, _ in results:
        found = [tuple(each) for each in before]
        assert set(found) <= taken, f"flipped at byte {at}"
        assert bodies_are_right
        assert [*found, (8, 100)] == [tuple(each) for each in after]


def test_full_ring_drops_the_oldest_and_counts(tmp_path: Path) -> None:
    """The ring stays within its size, keeps the newest, and its count of losses survives a restart."""
    script = (
        PRELUDE
        + """
ring = Ring("ring", 1024, 4)
for seq in range(500):
    ring.append(reading(seq))
again = Ring("ring", 1024, 4)
size = sum(os.stat("ring/" + name)[6] for name in os.listdir("ring"))
print(json.dumps([ring.stored, ring.dropped, again.stored, again.dropped, size, pending(again)]))
"""
    )
    stored, dropped, stored_again, dropped_again, size, found = run(script, tmp_path)
    assert stored + dropped == 500
    assert (stored, dropped) == (stored_again, dropped_again)
    assert size <= 4 * 1024
    assert [[7, seq] for seq in range(dropped, 500)] == found


def test_acknowledged_ranges_of_any_boot_are_freed(tmp_path: Path) -> None:
    """Ranges of earlier boots free their readings, files leave from the old end, unknown ranges are ignored."""
    script = (
        PRELUDE
        + """
for boot in (1, 4294967295, 3):
    ring = Ring("ring", 1024, 32)
    for seq in range(60):
        ring.append(reading(seq, boot=boot))
files = len(os.listdir("ring"))
ranges = ((1, 0, 58), (4294967295, 10, 19), (9, 0, 100), (1, 0, 58), (1, 59, 2**53))
freed = [ring.acknowledge(*each) for each in ranges]
ring.append(reading(60, boot=3))
again = Ring("ring", 1024, 32)
print(json.dumps([files, freed, again.stored, len(os.listdir("ring")), pending(again)]))
"""
    )
    files, freed, stored, files_left, found = run(script, tmp_path)
    assert [59, 10, 0, 0, 1] == freed
    assert stored == 60 - 10 + 61
    assert files_left < files
    expected = [[4294967295, seq] for seq in range(60) if not 10 <= seq <= 19] + [[3, seq] for seq in range(61)]
    assert expected == found


def test_newest_first_and_oldest_first(tmp_path: Path) -> None:
    """Live reading goes from the new end, the backlog from the old end in portions that continue."""
    script = (
        PRELUDE
        + """
ring = Ring("ring", 1024, 32)
for seq in range(80):
    ring.append(reading(seq))
ring.acknowledge(7, 78, 78)
position, portions = None, []
while True:
    found, position = ring.oldest(position, 12, 10000, lambda boot, seq: seq % 2 == 0)
    if not found:
        break
    portions.append([each.seq for each in found])
ring.append(reading(80))
found, position = ring.oldest(position, 12, 10000, lambda boot, seq: True)
small, _ = ring.oldest(None, 12, 50, lambda boot, seq: True)
print(json.dumps([[each.seq for each in ring.newest(4)], portions, [each.seq for each in found], len(small)]))
"""
    )
    newest, portions, added, small = run(script, tmp_path)
    assert [80, 79, 77, 76] == newest
    assert max(len(portion) for portion in portions) == 12
    assert [seq for seq in range(80) if seq % 2 == 0 and seq != 78] == list(chain.from_iterable(portions))
    assert [80] == added
    assert small == 2


def test_notes_are_written_once(tmp_path: Path) -> None:
    """An acknowledgement costs one small note on flash, however many there were before it."""
    script = (
        PRELUDE
        + """
ring = Ring("ring", 65536, 4)
sizes = []
for seq in range(60):
    ring.append(reading(seq))
    if seq % 2:
        ring.acknowledge(7, seq, seq)
    sizes.append(os.stat("ring/00000000.seg")[6])
print(json.dumps(sizes))
"""
    )
    sizes = run(script, tmp_path)
    steps = {after - before for before, after in pairwise(sizes[10:])}
    assert len(steps) == 2
    assert max(steps) < 80


def test_memory_is_bounded_for_a_node_that_restarts_for_ever(tmp_path: Path) -> None:
    """Three hundred boots with one reading each cost runs and offsets up to a limit; the rest is counted as lost."""
    script = (
        PRELUDE
        + """
for boot in range(300):
    ring = Ring("ring", 65536, 4)
    ring.append(reading(0, boot=boot))
    ring.set_offset(boot, 1764000000000 + boot)
ring = None
gc.collect()
before = gc.mem_alloc()
ring = Ring("ring", 65536, 4)
gc.collect()
print(json.dumps([gc.mem_alloc() - before, ring.stored, ring.dropped, pending(ring)[-1]]))
"""
    )
    used, stored, dropped, newest = run(script, tmp_path)
    assert stored + dropped == 300
    assert stored <= 4 * 32
    assert [299, 0] == newest
    assert used < 12_000


FLASH = """
import vfs
class Flash:
    # 4 kB blocks as an ESP32's flash has; after `left` writes the power is gone and nothing more arrives.
    def __init__(self, blocks):
        self.data = bytearray(4096 * blocks)
        self.left = 1 << 30
    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = self.data[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        self.left -= 1
        if self.left >= 0:
            at = block * 4096 + offset
            self.data[at : at + len(buffer)] = buffer
    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data) // 4096
        if operation == 5:
            return 4096
        if operation == 6:
            self.left -= 1
            if self.left >= 0:
                self.data[argument * 4096 : argument * 4096 + 4096] = b"\\xff" * 4096
            return 0
"""


def test_full_flash_gives_up_the_oldest(tmp_path: Path) -> None:
    """On a littlefs without room the oldest file goes, the new reading is stored, and the loss is counted."""
    script = (
        PRELUDE
        + FLASH
        + """
flash = Flash(16)
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
ring = Ring("/flash/ring", 8192, 64)
for seq in range(1500):
    ring.append(reading(seq))
again = Ring("/flash/ring", 8192, 64)
print(json.dumps([ring.stored, ring.dropped, again.stored, pending(again)[0], pending(again)[-1]]))
"""
    )
    stored, dropped, stored_again, oldest, newest = run(script, tmp_path, heap="8M")
    assert dropped > 0
    assert stored + dropped == 1500
    assert stored == stored_again
    assert ([7, dropped], [7, 1499]) == (oldest, newest)


@pytest.mark.parametrize("first", range(3))
def test_power_cut_at_every_write_to_flash(tmp_path: Path, first: int) -> None:
    """On littlefs, as on the device: cut after any number of block writes, all that was stored is still there."""
    script = (
        PRELUDE
        + FLASH
        + f"""
results = []
for left in range({first}, 240, 3):
    flash = Flash(24)
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    ring = Ring("/flash/ring", 1024, 8)
    flash.left = left
    stored = -1
    try:
        for seq in range(40):
            ring.append(reading(seq))
            if flash.left < 0:
                break
            stored = seq
            if seq % 8 == 7:
                ring.acknowledge(7, 0, seq - 4)
    except OSError:
        pass  # littlefs reads back what it wrote
    vfs.umount("/flash")
    survivor = Flash(24)
    survivor.data[:] = flash.data
    vfs.mount(vfs.VfsLfs2(survivor), "/flash")
    found = [seq for _, seq in pending(Ring("/flash/ring", 1024, 8))]
    results.append([left, stored, found])
    vfs.umount("/flash")
print(json.dumps(results))
"""
    )
    results = run(script, tmp_path, heap="8M")
    assert 80 == len(results)
    for left, stored, found in results:
        acknowledged = (stored + 1) // 8 * 8 - 4 if stored >= 7 else 0
        assert set(range(acknowledged, stored + 1)) <= set(found), f"cut after {left} writes"
        assert set(found) <= set(range(stored + 2)), f"cut after {left} writes"
        assert sorted(found) == found


def test_flash_that_refuses_keeps_what_it_has(tmp_path: Path) -> None:
    """An error that is not a full disk is told to the caller and costs nothing that was stored."""
    script = (
        PRELUDE
        + f"""
ring = Ring("ring", 1024, 8)
for seq in range(40):
    ring.append(reading(seq))
class Broken:
    def write(self, data):
        raise OSError({errno.EIO})
    def close(self):
        pass
healthy, ring._file = ring._file, Broken()
try:
    ring.append(reading(40))
    error = None
except OSError as refused:
    error = refused.errno
healthy.close()
ring.append(reading(41))
print(json.dumps([error, ring.dropped, [seq for _, seq in pending(Ring("ring", 1024, 8))]]))
"""
    )
    error, dropped, found = run(script, tmp_path)
    assert errno.EIO == error
    assert dropped == 0
    assert [*range(40), 41] == found


WEEK = """
import gc, json, os
from ring import Ring
from segment import Reading

# The longest reading of the usual kits: an air station with its lid and panel.
BODY = (b'"s":{"pm25_ugm3":135,"pm10_ugm3":231,"pm25_cf1_ugm3":188,"temperature_c":28.91,"humidity_pct":81.25,'
        b'"pressure_hpa":1006.53,"batt_mv":3900}')
def body(seq):
    return BODY[:-5] + b"%04d}" % (seq % 10000)

ring, lost, cuts = None, 0, 0
for seq in range(10080):
    if ring is None or seq % 997 == 0:  # eleven power cuts, the last write of each torn in two
        if ring is not None:
            cuts += 1
            ring._seal()
            torn = ring._segments[-1].path
            with open(torn, "ab") as file:
                file.write(b"\\x12\\x34\\x56\\x78\\x90\\x00\\x01half of a rec")
        ring = Ring("ring")
        ring.set_offset(seq // 997, 1764000000000)
    ring.append(Reading(seq // 997, seq, 60000 * seq, body(seq)))
    if seq % 500 == 0:
        gc.collect()
ring = None
gc.collect()
before = gc.mem_alloc()
ring = Ring("ring")
gc.collect()
taken = gc.mem_alloc() - before
expected, position, wrong = 0, None, 0
while True:
    found, position = ring.oldest(position, 20, 4000, lambda boot, seq: True)
    if not found:
        break
    for reading in found:
        wrong += reading != Reading(expected // 997, expected, 60000 * expected, body(expected))
        expected += 1
    ring_bytes = sum(os.stat("ring/" + name)[6] for name in os.listdir("ring"))
print(json.dumps([expected, wrong, ring.dropped, cuts, taken, ring_bytes, len(os.listdir("ring")), len(BODY)]))
"""


def test_a_week_without_core_is_kept(tmp_path: Path) -> None:
    """10 080 long readings over eleven starts: each is there, whole and in order, and memory and flash are enough."""
    expected, wrong, dropped, cuts, taken, ring_bytes, files, length = run(WEEK, tmp_path, heap="200k")
    assert (10_080, 0, 0, 10) == (expected, wrong, dropped, cuts)
    assert length >= 130
    assert taken < 30_000  # half of it on the device
    assert ring_bytes <= 52 * 32_768
    assert files <= 52
