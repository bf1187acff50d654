"""Records on flash: how they are written, and how far a file can be believed after a power cut.

A record is CRC32, length of the body, kind, body. The CRC covers all that follows it, so that a record is either
whole or not there; a file is believed up to its first record that is not whole.
"""

import struct
from binascii import crc32
from collections import namedtuple

from ranges import Ranges

READING = 1  # boot, seq, uptime, then the JSON of what was measured
FREED = 2  # boot, first, last: acknowledged by core
OFFSET = 3  # boot, UTC minus uptime
DROPPED = 4  # readings lost because the ring was full, since the ring was made

MAX_BODY = 1024
_CRC_BYTES = 4
_HEAD = "<HB"
_HEAD_BYTES = 3
_READING = "<IIQ"
_READING_BYTES = 16

Reading = namedtuple("Reading", ("boot", "seq", "uptime_ms", "body"))


def pack(kind, body):
    """One record; raises ValueError when the body is over MAX_BODY."""
    if len(body) > MAX_BODY:
        raise ValueError("a record of %d bytes is over %d" % (len(body), MAX_BODY))
    head = struct.pack(_HEAD, len(body), kind)
    return struct.pack("<I", crc32(body, crc32(head))) + head + body


def pack_reading(reading):
    return pack(READING, struct.pack(_READING, reading.boot, reading.seq, reading.uptime_ms) + reading.body)


def unpack_reading(body):
    boot, seq, uptime_ms = struct.unpack(_READING, body)
    return Reading(boot, seq, uptime_ms, body[_READING_BYTES:])


def records(file, start=0, end=None):
    """Yield (byte after it, kind, body) of each whole record from ``start``; ends at the first that is not whole."""
    file.seek(start)
    position = start
    while end is None or position < end:
        check = file.read(_CRC_BYTES)
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES:
            return
        length, kind = struct.unpack(_HEAD, head)
        if length > MAX_BODY:
            return
        body = file.read(length)
        if len(body) < length or struct.unpack("<I", check)[0] != crc32(body, crc32(head)):
            return
        position += _CRC_BYTES + _HEAD_BYTES + length
        yield position, kind, body


class Segment:
    """One file of the ring. ``size`` is how much of it is whole; ``pending`` what core has not acknowledged."""

    def __init__(self, folder, number):
        self.number = number
        self.path = "%s/%08x.seg" % (folder, number)
        self.size = 0
        self.pending = Ranges()

    def add(self, reading):
        self.pending.add(reading.boot, reading.seq, reading.seq)

    def read(self, start, wanted):
        """Yield (byte after it, reading) of pending readings from byte ``start`` for which ``wanted(boot, seq)``."""
        if not len(self.pending) or start >= self.size:
            return
        with open(self.path, "rb") as file:
            for end, kind, body in records(file, start, self.size):
                if kind == READING:
                    reading = unpack_reading(body)
                    if self.pending.has(reading.boot, reading.seq) and wanted(reading.boot, reading.seq):
                        yield end, reading
