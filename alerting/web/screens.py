"""The live page in each language that somebody reads: its board, and the watchers that get the same bytes."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from alerting.web.board import Board
from alerting.web.catalogue import NATIVE, Language, language, speaking
from alerting.web.fanout import Fanout
from alerting.web.replica import Change, Replica

KEPT_S: Final = 300.0  # how long a language is drawn after its last reader has gone


@dataclass(slots=True)
class Screen:
    board: Board
    fanout: Fanout = field(default_factory=Fanout)
    asked_at: float = 0.0  # time.monotonic()


class Screens:
    """Indonesian is always drawn; another language from its first reader on, until its last one has left for a while.

    All boards draw the one ``replica``.
    """

    def __init__(self, new_board: Callable[[], Board]) -> None:
        self._new_board = new_board
        self.native = Screen(new_board())
        self._drawn: dict[Language, Screen] = {NATIVE: self.native}
        self.native.board.refresh(())

    def __iter__(self) -> Iterator[Screen]:
        return iter(tuple(self._drawn.values()))

    def spoken(self) -> Screen:
        """The one in the language that is spoken now, whole."""
        spoken = language()
        screen = self._drawn.get(spoken)
        if screen is None:
            screen = Screen(self._new_board())
            screen.board.replica = self.native.board.replica
            screen.board.refresh(())
            screen.fanout.is_closing = self.native.fanout.is_closing
            self._drawn[spoken] = screen
        screen.asked_at = time.monotonic()
        return screen

    def adopt(self, replica: Replica) -> None:
        for screen in self:
            screen.board.replica = replica

    def draw(self, changes: Iterable[Change]) -> None:
        """Tell every watcher what ``changes`` look like in his language."""
        told = tuple(changes)
        for spoken, screen in tuple(self._drawn.items()):
            if spoken != NATIVE and not screen.fanout.watchers and time.monotonic() - screen.asked_at > KEPT_S:
                del self._drawn[spoken]
                continue
            with speaking(spoken):  # whoever's request this is drawn in
                patch = screen.board.refresh(told)
            if patch is not None:
                screen.fanout.publish(patch)
