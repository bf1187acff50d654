"""The ring buffer on flash: a reading is in it before it is sent, and leaves it when core has acknowledged it.

Files of records, written one after the other; the oldest goes when the ring is full (what it still held is counted in
``dropped``) and when nothing in it is pending. In memory stands only which numbers are pending, as runs.
"""

import os
import struct
from errno import EEXIST

from ranges import Ranges
from segment import DROPPED, FREED, OFFSET, READING, Segment, pack, pack_reading, records, unpack_reading

# A node that restarts again and again must not fill its memory with runs and offsets of boots.
_RUNS_PER_SEGMENT = 32
_OFFSETS = 64
_FREED_WAITING = 32
_START = (0, 0)
ENOSPC = 28  # not in the errno of every port; littlefs and POSIX agree on the number


class Ring:
    """Readings by (boot, seq). Whatever ``append`` has returned for survives a power cut at any moment.

    As it stands it takes 1.7 MB, which is seven days of a reading a minute of 160 bytes, and leaves 0.4 MB of the 2 MB
    that an ESP32 with 4 MB of flash has for files. Files are only appended to, made and removed: littlefs chooses the
    blocks, each in its turn, so that none wears out before the others.
    """

    def __init__(self, folder, segment_bytes=32768, segments=52):
        self.folder = folder
        self.dropped = 0
        self._segment_bytes = segment_bytes
        self._most = segments
        self._segments = []  # oldest first; the last one is being written
        self._file = None
        self._offsets = {}
        self._boot = None  # whose offset a new segment repeats
        self._offset_waits = False
        self._freed = Ranges()  # acknowledged, not yet noted on flash
        self._recover()

    # -- writing -----------------------------------------------------------------------------------------------------

    def append(self, reading):
        """Store ``reading``; on flash when this returns. Raises OSError when the flash refuses it."""
        self._boot = reading.boot
        record = pack_reading(reading)
        try:
            self._write(record)
        except OSError as error:
            # What was half written must stay the end of its file.
            self._seal()
            if error.errno != ENOSPC or len(self._segments) < 2:
                raise
            self._drop_oldest()
            self._write(record)
        self._segments[-1].add(reading)

    def acknowledge(self, boot, first, last):
        """Free these numbers of any boot; what is not pending is ignored. Noted on flash with the next reading, so
        that a power cut before it only sends them once more. Returns how many were freed."""
        freed = 0
        for segment in self._segments:
            for run in segment.pending.remove(boot, first, last):
                self._freed.add(*run)
                freed += run[2] - run[1] + 1
        self._free_oldest()
        if len(self._freed) > _FREED_WAITING:
            self._note_now()
        return freed

    def set_offset(self, boot, offset_ms):
        """Remember UTC minus uptime of ``boot``; at once when it is the first, else with the next reading."""
        is_first = boot not in self._offsets
        self._note_offset(boot, offset_ms)
        self._boot = boot
        self._offset_waits = True
        if is_first:
            self._note_now()

    def _note_now(self):
        try:
            self._write(b"")
        except OSError as error:
            # A note that is lost costs a reading sent twice, or one without its time: it waits for the next one.
            self._seal()
            print("ring: a note waits,", error)

    def _note_offset(self, boot, offset_ms):
        if boot not in self._offsets and len(self._offsets) >= _OFFSETS:
            held = {run[0] for segment in self._segments for run in segment.pending}
            unused = [old for old in self._offsets if old not in held and old != self._boot]
            del self._offsets[(unused or list(self._offsets))[0]]
        self._offsets[boot] = offset_ms

    def _write(self, record):
        """Add what waits to be noted and ``record`` in one write, and wait until it is on flash."""
        notes = b"".join(pack(FREED, struct.pack("<III", *run)) for run in self._freed)
        if self._offset_waits:
            notes += self._offset_record()
        self._make_room(len(notes) + len(record))
        segment = self._segments[-1]
        data = (b"" if segment.size else self._header()) + notes + record
        if self._file.write(data) != len(data):
            raise OSError(ENOSPC)
        self._file.flush()
        segment.size += len(data)
        self._freed = Ranges()
        self._offset_waits = False

    def _header(self):
        header = pack(DROPPED, struct.pack("<Q", self.dropped))
        return header + self._offset_record() if self._boot in self._offsets else header

    def _offset_record(self):
        return pack(OFFSET, struct.pack("<Iq", self._boot, self._offsets[self._boot]))

    def _make_room(self, size):
        if self._file is not None:
            segment = self._segments[-1]
            if segment.size + size <= self._segment_bytes and len(segment.pending) < _RUNS_PER_SEGMENT:
                return
            self._seal()
        number = self._segments[-1].number + 1 if self._segments else 0
        segment = Segment(self.folder, number)
        self._file = open(segment.path, "wb")
        self._segments.append(segment)
        while len(self._segments) > self._most:
            self._drop_oldest()
        self._free_oldest()

    def _seal(self):
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _drop_oldest(self):
        oldest = self._segments.pop(0)
        self.dropped += oldest.pending.total()
        os.remove(oldest.path)

    def _free_oldest(self):
        # Only from the old end: a note of what was freed must live as long as the readings it speaks of.
        while len(self._segments) > 1 and not len(self._segments[0].pending):
            os.remove(self._segments.pop(0).path)

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def stored(self):
        """How many readings are pending."""
        return sum(segment.pending.total() for segment in self._segments)

    def offset(self, boot):
        """UTC minus uptime of ``boot`` in ms, or None when it never became known."""
        return self._offsets.get(boot)

    def oldest(self, position, most, most_bytes, wanted):
        """Up to ``most`` pending readings from ``position`` (None: the beginning) on, oldest first, together at most
        ``most_bytes`` long, for which ``wanted(boot, seq)``; and the position after them."""
        number, start = position or _START
        found = []
        room = most_bytes
        for segment in self._segments:
            if segment.number < number:
                continue
            if segment.number > number:
                number, start = segment.number, 0
            walk = segment.read(start, wanted)
            for end, reading in walk:
                room -= len(reading.body)
                if found and (len(found) == most or room < 0):
                    walk.close()
                    return found, (number, start)
                found.append(reading)
                start = end
            start = segment.size
        return found, (number, start)

    def newest(self, most):
        """Up to ``most`` pending readings, newest first."""
        found = []
        for segment in reversed(self._segments):
            in_segment = []
            for _, reading in segment.read(0, lambda boot, seq: True):
                in_segment.append(reading)
                if len(in_segment) > most - len(found):
                    in_segment.pop(0)
            found.extend(reversed(in_segment))
            if len(found) == most:
                break
        return found

    # -- after a power cut -------------------------------------------------------------------------------------------

    def _recover(self):
        try:
            os.mkdir(self.folder)
        except OSError as error:
            if error.errno != EEXIST:
                raise
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".seg"):
                self._scan(Segment(self.folder, int(name[:-4], 16)))
            else:
                os.remove(self.folder + "/" + name)  # a copy that a power cut ended
        if self._segments:
            try:
                self._reopen(self._segments[-1])
            except OSError as error:
                print("ring: the last file is left as it is,", error)
        self._free_oldest()

    def _scan(self, segment):
        self._segments.append(segment)
        with open(segment.path, "rb") as file:
            for end, kind, body in records(file):
                segment.size = end
                if kind == READING:
                    segment.add(unpack_reading(body))
                elif kind == FREED:
                    for other in self._segments:
                        other.pending.remove(*struct.unpack("<III", body))
                elif kind == OFFSET:
                    self._note_offset(*struct.unpack("<Iq", body))
                elif kind == DROPPED:
                    self.dropped = max(self.dropped, struct.unpack("<Q", body)[0])

    def _reopen(self, segment):
        """Go on writing in the last file, after its last whole record."""
        if os.stat(segment.path)[6] > segment.size:
            # Nothing may follow a torn record, and a file cannot be cut here: its whole part is copied.
            copy = segment.path[:-4] + ".tmp"
            _copy(segment.path, copy, segment.size)
            os.rename(copy, segment.path)
        self._file = open(segment.path, "ab")


def _copy(source, target, size):
    with open(source, "rb") as torn, open(target, "wb") as whole:
        while size:
            size -= whole.write(torn.read(min(size, 512)))
        whole.flush()
