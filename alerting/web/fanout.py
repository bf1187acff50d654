"""Server-sent events to many watchers: one frame of bytes for all, a bounded queue for each.

A watcher that does not keep up is let go; its browser comes back with the last id that it saw and misses nothing.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Send

QUEUE: Final = 64
MAX_WATCHERS: Final = 2000
BEAT_S: Final = 15.0
RETRY_MS: Final = 1000
HELLO: Final = format_sse_event(retry=RETRY_MS, comment="kentongan")
BEAT: Final = format_sse_event(comment="beat", event="beat", data_str="{}")  # a comment for proxies, an event for us


@dataclass(slots=True, eq=False)
class Watcher:
    """One browser. ``is_over`` tells its stream to end.

    There are a thousand of them for each frame: a list and one future cost less than an asyncio.Queue.
    """

    waiting: list[bytes] = field(default_factory=list)
    is_over: bool = False
    stream: asyncio.Task[None] | None = None
    _wake: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= QUEUE

    def put(self, frame: bytes) -> None:
        self.waiting.append(frame)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def next_bytes(self) -> bytes:
        """Everything that waits, as one piece."""
        while not self.waiting:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        parts, self.waiting = self.waiting, []
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def end(self) -> None:
        """End the stream: at its next look when it is idle, by force when it is stuck in sending."""
        self.is_over = True
        if not self.is_full:
            self.put(b"")
        elif self.stream is not None:
            self.stream.cancel()


@dataclass(slots=True)
class Fanout:
    """``dropped`` counts the watchers that were too slow."""

    watchers: set[Watcher] = field(default_factory=set)
    dropped: int = 0
    is_closing: bool = False

    def publish(self, frame: bytes) -> None:
        for watcher in tuple(self.watchers):
            if watcher.is_full:
                self.watchers.discard(watcher)
                self.dropped += 1
                watcher.end()
            else:
                watcher.put(frame)

    def join(self, first: bytes) -> Watcher | None:
        """A new watcher that begins with ``first``; None when the house is full or closing."""
        if self.is_closing or len(self.watchers) >= MAX_WATCHERS:
            return None
        watcher = Watcher()
        watcher.put(HELLO + first)
        self.watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self.watchers.discard(watcher)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self.is_closing = True
        for watcher in self.watchers:
            watcher.end()
        self.watchers.clear()


class WatcherResponse(EventSourceResponse):
    """Sends the watcher's frames as they are. No time-outs here: they would cost more than the sending."""

    def __init__(self, fanout: Fanout, watcher: Watcher) -> None:
        super().__init__(content=(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self.fanout = fanout
        self.watcher = watcher

    async def stream_response(self, send: Send) -> None:
        task = self.watcher.stream = asyncio.current_task()
        try:
            await self._send_frames(send)
        except asyncio.CancelledError:
            if not self.watcher.is_over or task is None:
                raise
            task.uncancel()  # it stopped reading and was let go: the server cuts the unfinished answer
        finally:
            self.fanout.leave(self.watcher)

    async def _send_frames(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while not self.watcher.is_over:
            body = await self.watcher.next_bytes()
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
