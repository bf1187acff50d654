"""Reading history without holding up anybody: a few threads of its own, a short line, a limit of patience."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from alerting.web.api.problem import HISTORY_UNAVAILABLE, TOO_BUSY, refused
from alerting.web.readings import ReadingsUnavailable

READERS: Final = 3
LINE: Final = 24  # reads that may wait for a thread
STREAMS: Final = 8  # downloads at once; they wait their turn between pages
PATIENCE_S: Final = 20.0

T = TypeVar("T")


class Gate:
    """The page's own reads do not pass here: no user of the API can delay them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="api-history")
        self._lock = threading.Lock()
        self.pending = 0
        self._streams = 0
        self._is_ending = False

    async def read(self, work: Callable[[], T], *, of_stream: bool = False) -> T:
        """The result of ``work``, done in a thread; raises Refused when the line is full or history is away."""
        if of_stream and self._is_ending:
            raise refused(TOO_BUSY, "Server sedang berhenti.", remedy="Coba lagi sebentar.")
        with self._lock:
            if self.pending >= READERS + LINE and not of_stream:
                raise refused(TOO_BUSY, "Terlalu banyak bacaan riwayat sekaligus.", remedy="Coba lagi sebentar.")
            self.pending += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.wrap_future(future)
        except ReadingsUnavailable as error:
            raise refused(HISTORY_UNAVAILABLE, str(error), remedy=_AWAY) from None
        except TimeoutError:
            detail = f"Riwayat tidak menjawab dalam {PATIENCE_S:.0f} detik."
            raise refused(HISTORY_UNAVAILABLE, detail, remedy=_AWAY) from None

    def begin_stream(self) -> None:
        """Take a place among the downloads, to be given back; raises Refused when all are taken."""
        if self._streams >= STREAMS:
            raise refused(TOO_BUSY, f"Sudah {STREAMS} unduhan sekaligus.", remedy="Coba lagi setelah satu selesai.")
        self._streams += 1

    def end_stream(self) -> None:
        self._streams -= 1

    def end_streams(self) -> None:
        """Cut every download off at its next page, so that the server can stop."""
        self._is_ending = True

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: "Future[T]") -> None:
        with self._lock:
            self.pending -= 1


_AWAY: Final = "Coba lagi nanti; /api/v1/latest dan /api/v1/stations tetap menjawab."
