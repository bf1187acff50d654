"""A progress bar on stderr, where somebody looks at it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

WIDTH: Final = 30
T = TypeVar("T")


class Bar:
    """``bar(done)`` draws it, ``bar.close()`` wipes it; where stderr is no terminal neither does anything."""

    def __init__(self, total: int, what: str) -> None:
        self._total, self._what = max(total, 1), what
        self._is_seen = sys.stderr.isatty()
        self._drawn = -1

    def __call__(self, done: int) -> None:
        permille = done * 1000 // self._total
        if self._is_seen and permille != self._drawn:
            self._drawn = permille
            full = "#" * (permille * WIDTH // 1000)
            print(f"\r{self._what} [{full:<{WIDTH}}] {permille / 10:5.1f} %", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._is_seen:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def counted(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a bar that fills as they are taken."""
    bar = Bar(len(items), what)
    try:
        for number, item in enumerate(items):
            bar(number)
            yield item
    finally:
        bar.close()
