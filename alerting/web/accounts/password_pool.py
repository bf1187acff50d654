"""Where passwords are hashed: two threads with a short line, in the web's process, which no warning waits for."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from alerting import passwords

THREADS: Final = 2  # 19 MiB each
NICE: Final = 10  # core, on the same machine, goes first
LINE: Final = 12  # of strangers; tens of milliseconds each
LINE_OF_KNOWN: Final = 24  # behind them there is still room for those who have been here before

T = TypeVar("T")


class TooMany(Exception):
    """The line is full; nothing was looked at."""


class PasswordPool:
    """Of one event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password", initializer=_give_way)
        self.waiting = 0

    async def is_it(self, password: str, kept: str, *, is_known: bool) -> bool:
        """:func:`alerting.passwords.is_it`; raises TooMany."""
        return await self._run(lambda: passwords.is_it(password, kept), is_known=is_known)

    async def keep(self, password: str) -> str:
        """:func:`alerting.passwords.keep`; raises TooMany."""
        return await self._run(lambda: passwords.keep(password), is_known=True)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T], *, is_known: bool) -> T:
        if self.waiting >= THREADS + (LINE_OF_KNOWN if is_known else LINE):
            raise TooMany
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self.waiting -= 1


def _give_way() -> None:
    """On Linux a thread has a priority of its own."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
