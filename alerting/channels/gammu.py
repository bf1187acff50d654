"""SMS through GSM modems of one's own, each under a Gammu SMSD; messages are spread over the modems that live.

A message is handed to one modem and waited for: accepted is what the mobile network took. A modem that dies gives its
message back, and the next try goes to another one. What was begun when it died is in doubt, and is said to be.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.channels.gammu_modem import Modem
from alerting.channels.gammu_tray import Patience, Tray, check
from alerting.channels.port import Accepted, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.contacts import ContactKind
from broker.clock import REAL

_E164: Final = re.compile(r"\+[1-9]\d{7,14}")
REST_S: Final = 30.0  # a modem that failed is asked again after this, or when no other one is free
ROOM_S: Final = 14.0  # so long a message waits for a modem that is free


@dataclass(slots=True)
class _Turn:
    """When a modem may be asked next, by the monotonic clock."""

    tray: Tray
    is_busy: bool = False
    next_at: float = 0.0
    rests_until: float = 0.0


class GammuChannel:
    """The channel ``modem``; see :class:`alerting.channels.port.Channel` for what its outcomes promise."""

    name = "modem"
    takes: ContactKind = "phone"

    def __init__(
        self,
        modems: Sequence[Modem],
        *,
        patience: Patience = Patience(),  # noqa: B008  frozen
        now: Callable[[], int] = REAL.now,
    ) -> None:
        """Raises ValueError without modems or for two of one name, and OSError for folders that cannot be made."""
        if not modems or len({modem.name for modem in modems}) < len(modems):
            raise ValueError("give at least one modem, and each a name of its own")
        for modem in modems:
            modem.prepare()
        self.modems = tuple(modems)
        self.rate_per_s: float | None = sum(modem.rate_per_minute for modem in modems) / 60
        self.max_parallel = len(modems)
        self._turns = [_Turn(Tray(modem, patience=patience, now=now)) for modem in modems]
        self._changed = threading.Condition()

    def send(self, message: Message) -> Outcome:
        if not _E164.fullmatch(message.address):
            return Rejected(reason="Nomor tujuan tidak sah untuk SMS.")
        try:
            check(message)
        except ValueError as error:
            return Rejected(reason=f"Teks tidak muat dalam satu SMS: {error}.")
        turn = self._take()
        if isinstance(turn, str):
            return RetryLater(reason=turn)
        outcome: Outcome = Unknown(reason="Modem terputus.")
        try:
            outcome = turn.tray.send(message)
        finally:
            self._give_back(turn, is_well=isinstance(outcome, Accepted | Rejected))
        return outcome

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:  # noqa: ARG002  # keys need no time
        found = [outcome for turn in self._turns if (outcome := turn.tray.find(message)) is not None]
        best = (outcome for outcome in found if isinstance(outcome, Accepted | Delivered))
        return next(best, found[0] if found else None)

    def probe(self) -> str | None:
        """Whether a message has a way out now."""
        if any(modem.is_ready() for modem in self.modems):
            return None
        names = ", ".join(modem.name for modem in self.modems)
        return f"Tidak ada modem SMS yang jalan ({names}): periksa kabel, lalu jalankan ulang layanannya."

    def tray(self, name: str) -> Tray:
        """Of the modem of this name."""
        return next(turn.tray for turn in self._turns if turn.tray.modem.name == name)

    @contextlib.contextmanager
    def borrowed(self, name: str) -> Iterator[bool]:
        """Keep messages from a modem meanwhile; False when it is carrying one now."""
        turn = next(turn for turn in self._turns if turn.tray.modem.name == name)
        with self._changed:
            is_mine, turn.is_busy = not turn.is_busy, True
        try:
            yield is_mine
        finally:
            if is_mine:
                with self._changed:
                    turn.is_busy = False
                    self._changed.notify()

    def close(self) -> None:
        """Nothing is held: what a modem has in hand is found by its key."""

    def _take(self) -> _Turn | str:
        """A living modem whose turn it is, the rested and the least used first; or why there is none."""
        deadline = time.monotonic() + ROOM_S
        with self._changed:
            while (now := time.monotonic()) < deadline:
                living = [turn for turn in self._turns if turn.tray.modem.is_ready()]
                if not living:
                    return "Tidak ada modem SMS yang jalan."
                free = [turn for turn in living if not turn.is_busy]
                chosen = min(free, key=lambda turn: (turn.rests_until > now, turn.next_at), default=None)
                if chosen is not None and chosen.next_at <= now:
                    chosen.is_busy = True
                    chosen.next_at = now + 60 / chosen.tray.modem.rate_per_minute
                    return chosen
                wait_s = 1.0 if chosen is None else min(1.0, chosen.next_at - now)
                self._changed.wait(wait_s)
        return "Semua modem SMS sedang sibuk."

    def _give_back(self, turn: _Turn, *, is_well: bool) -> None:
        with self._changed:
            turn.is_busy = False
            turn.rests_until = 0.0 if is_well else time.monotonic() + REST_S
            self._changed.notify()
