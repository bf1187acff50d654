"""How often somebody may be wrong: what is tried must wait longer each time, and never shuts the owner out.

As OWASP's device cookies have it: a browser from which the user has logged in before is counted by itself, so that
strangers who guess at a name do not hold up its owner. What is counted: a browser of the owner's; a name together with
an address; an address; a name, from all browsers that are not the owner's; and all strangers together.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NotRequired, TypedDict, Unpack

FREE: Final = 4  # mistakes without any wait
LONGEST_MS: Final = 15 * 60_000
FORGOTTEN_MS: Final = 60 * 60_000  # after so long without a mistake
FREE_OF_ADDRESS: Final = 20  # an office has one address for many
FREE_OF_NAME: Final = 20
LONGEST_OF_NAME_MS: Final = 10_000  # short: the owner may come by a new browser while others guess
MOST_KEPT: Final = 10_000
STRANGERS_PER_S, STRANGERS_AT_ONCE = 2.0, 30.0

Key = tuple[str, ...]


class Try(TypedDict):
    """``device`` is the owner's browser, None: a stranger's. ``is_code``: a code, after the password was right."""

    name: str
    address: str
    device: str | None
    is_code: NotRequired[bool]


@dataclass(slots=True)
class _Record:
    mistakes: float = 0.0
    at: int = 0
    free_at: int = 0


class Guesses:
    """Times are ms of any clock that does not go back. What is kept is bounded; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._records: OrderedDict[Key, _Record] = OrderedDict()
        self._strangers, self._counted_at = STRANGERS_AT_ONCE, 0

    def wait_ms(self, *, now: int, **tried: Unpack[Try]) -> int:
        """How long until this may be tried, 0: now."""
        waits = (self._records[key].free_at - now for key, *_ in _keys(**tried) if key in self._records)
        return max(0, *waits, 0)

    def take_place(self, *, device: str | None, now: int) -> bool:
        """Whether there is room for one more try among all strangers; the owner's browser needs none."""
        if device is not None:
            return True
        gone_s = max(0, now - self._counted_at) / 1000
        self._strangers = min(STRANGERS_AT_ONCE, self._strangers + gone_s * STRANGERS_PER_S)
        self._counted_at = now
        if self._strangers < 1:
            return False
        self._strangers -= 1
        return True

    def wrong(self, *, now: int, **tried: Unpack[Try]) -> None:
        """A mistake was made."""
        for key, free, longest in _keys(**tried):
            record = self._records.setdefault(key, _Record())
            if now - record.at > FORGOTTEN_MS:
                record.mistakes = 0
            record.mistakes += 1
            record.at = now
            over = record.mistakes - free
            record.free_at = now + (0 if over < 0 else min(longest, 1000 * 2 ** min(int(over), 20)))
            self._records.move_to_end(key)
        while len(self._records) > MOST_KEPT:
            self._records.popitem(last=False)

    def right(self, **tried: Unpack[Try]) -> None:
        """Somebody showed who he is: his own mistakes are forgiven, those of others are not."""
        own, *_ = _keys(**tried)[0]
        self._records.pop(own, None)


def _keys(*, name: str, address: str, device: str | None, is_code: bool = False) -> list[tuple[Key, int, int]]:
    """What a try counts for, its own place first, with the mistakes that are free and the longest wait."""
    if device is not None:
        return [(("device", name, device), FREE, LONGEST_MS)]
    return [
        (("pair", name, address), FREE, LONGEST_MS),
        (("address", address), FREE_OF_ADDRESS, LONGEST_MS),
        (("code", name), FREE_OF_NAME, LONGEST_MS) if is_code else (("name", name), FREE_OF_NAME, LONGEST_OF_NAME_MS),
    ]
