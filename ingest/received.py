"""Which observations of a node have been taken already, as ranges of sequence numbers for each of its boots."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

BOOTS: Final = 64  # boots remembered for a node; the ones longest silent are forgotten first

ENDLESS: Final = 2**63

Ranges = list[tuple[int, int]]


class Received:
    """The sequence numbers taken from one node. A number is new exactly once.

    Most nodes are known by one boot, and a province of them by as many: the newest boot has no dictionary to itself.
    """

    __slots__ = ("_boot", "_earlier", "_ranges")

    def __init__(self, boots: dict[int, Ranges] | None = None) -> None:
        self._boot: int | None = None  # the newest
        self._ranges: Ranges = []
        self._earlier: dict[int, Ranges] | None = boots or None
        self._take_up_last()

    def take(self, boot: int, seq: int) -> bool:
        """Note (boot, seq); False when it had been noted before."""
        ranges = self._of(boot)
        if ranges is None:
            self._begin(boot, seq)
            return True
        first, last = ranges[-1]
        if seq == last + 1:
            ranges[-1] = (first, seq)
            return True
        return _insert(ranges, seq)

    def is_new(self, boot: int, seq: int) -> bool:
        """Whether (boot, seq) was never noted."""
        ranges = self._of(boot)
        if ranges is None or seq > ranges[-1][1]:
            return True
        at = bisect_right(ranges, (seq, ENDLESS))
        return at == 0 or ranges[at - 1][1] < seq

    def forget(self, boot: int, seq: int) -> None:
        """Take a note back: what it stood for was not kept after all."""
        ranges = self._of(boot) or []
        at = bisect_right(ranges, (seq, ENDLESS)) - 1
        if at < 0 or ranges[at][1] < seq:
            return
        first, last = ranges[at]
        ranges[at : at + 1] = [part for part in ((first, seq - 1), (seq + 1, last)) if part[0] <= part[1]]
        if not ranges:
            self._drop(boot)

    def encode(self) -> bytes:
        newest = {} if self._boot is None else {self._boot: self._ranges}
        return msgspec.msgpack.encode({**self._earlier, **newest} if self._earlier else newest)

    @classmethod
    def decode(cls, data: bytes) -> "Received":
        return cls(_decoder.decode(data))

    def _of(self, boot: int) -> Ranges | None:
        if boot == self._boot:
            return self._ranges
        return None if self._earlier is None else self._earlier.get(boot)

    def _begin(self, boot: int, seq: int) -> None:
        if self._boot is not None:
            earlier = self._earlier = self._earlier or {}
            if len(earlier) >= BOOTS - 1:
                del earlier[next(iter(earlier))]
            earlier[self._boot] = self._ranges
        self._boot, self._ranges = boot, [(seq, seq)]

    def _drop(self, boot: int) -> None:
        if boot == self._boot:
            self._boot, self._ranges = None, []
            self._take_up_last()
        elif self._earlier is not None:
            del self._earlier[boot]

    def _take_up_last(self) -> None:
        if self._earlier:
            self._boot, self._ranges = self._earlier.popitem()
        self._earlier = self._earlier or None


_decoder: Final = msgspec.msgpack.Decoder(dict[int, Ranges])


def _insert(ranges: Ranges, seq: int) -> bool:
    """Add ``seq`` to sorted disjoint ``ranges``, joining neighbours; False when it is inside one."""
    at = bisect_right(ranges, (seq, ENDLESS))
    if at and ranges[at - 1][1] >= seq:
        return False
    joins_left = bool(at) and ranges[at - 1][1] == seq - 1
    joins_right = at < len(ranges) and ranges[at][0] == seq + 1
    if joins_left and joins_right:
        ranges[at - 1 : at + 1] = [(ranges[at - 1][0], ranges[at][1])]
    elif joins_left:
        ranges[at - 1] = (ranges[at - 1][0], seq)
    elif joins_right:
        ranges[at] = (seq, ranges[at][1])
    else:
        ranges.insert(at, (seq, seq))
    return True


def ranges(numbers: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(boot, seq) pairs as closed ranges ``[boot, from, to]``."""
    if len(numbers) == 1:
        ((boot, seq),) = numbers
        return [(boot, seq, seq)]
    found: list[tuple[int, int, int]] = []
    for boot, seq in sorted(set(numbers)):
        if found and found[-1][0] == boot and found[-1][2] == seq - 1:
            found[-1] = (boot, found[-1][1], seq)
        else:
            found.append((boot, seq, seq))
    return found
