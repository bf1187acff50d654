"""A core that only tells: it serves ``follow`` on a real Unix socket, says what a test puts in, obeys ``answers``.

Like the real one it begins with health, then every entity, and tells its health again at an interval.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from broker.clock import Clock
from broker.control import CommandFailed, Request, Response, frame, read_frame, request_decoder
from broker.live import AlertView, Event, HealthView, MessageView, NoticeView, StationView

HEALTH_S = 0.2
Entity = StationView | AlertView | MessageView | NoticeView
KINDS = {StationView: "station", AlertView: "alert", MessageView: "message", NoticeView: "notice"}
Answer = Callable[[Request], Any]  # the result; it may raise CommandFailed


class FakeCore:
    """Runs in a thread of its own. ``stop`` cuts every line as a killed process would; ``start`` serves again."""

    def __init__(
        self, path: Path, *, clock: Clock, health: HealthView, answers: dict[str, Answer] | None = None
    ) -> None:
        self.answers = answers or {}  # by the name of the command
        self.asked: list[Request] = []
        self.path, self.clock, self.health = path, clock, health
        self.rev = 1000
        self.entities: dict[tuple[str, object], Event] = {}
        self.is_mute = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event

    def put(self, *entities: Entity) -> int:
        """Change entities, each with the next journal id; the last id."""
        for entity in entities:
            self.rev += 1
            kind = KINDS[type(entity)]
            event = _event(kind, self.rev, msgspec.structs.replace(entity, rev=self.rev))
            self.entities[kind, entity.id] = event
            self._on_loop(partial(self._send, event))
        return self.rev

    def tell_health(self, **changes: Any) -> None:
        self.health = msgspec.structs.replace(self.health, **changes)
        self._on_loop(lambda: self._send(self._health()))

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="fake-core")
        self._thread.start()
        assert ready.wait(30), "the fake core did not start"

    def stop(self) -> None:
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(self._stopping.set)
        thread.join(30)
        assert not thread.is_alive(), "the fake core did not stop"
        self._loop = self._thread = None

    def _on_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(action)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self.path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._talk, str(self.path))
        ready.set()
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), HEALTH_S)
            if not self.is_mute:
                self._send(self._health())
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        if self._talks:
            await asyncio.wait(self._talks, timeout=10)
        self.path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        body = await read_frame(reader)
        request: Request = request_decoder.decode(body or b"{}")
        if request.name != "follow":
            await self._obey(request, writer)
            return
        first = [self._health(), *(event for event in self.entities.values() if event.id > request.args["after"])]
        writer.write(b"".join(frame(event) for event in first))
        self._writers.add(writer)
        try:
            await reader.read(1)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _obey(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.asked.append(request)
        try:
            response = Response(ok=True, result=self.answers[request.name](request))
        except KeyError:
            response = Response(ok=False, error=f"the fake core has no answer to {request.name}")
        except CommandFailed as error:
            response = Response(ok=False, error=str(error))
        writer.write(frame(response))
        await writer.drain()
        writer.close()

    def _send(self, event: Event) -> None:
        for writer in self._writers:
            writer.write(frame(event))

    def _health(self) -> Event:
        return _event("health", self.rev, msgspec.structs.replace(self.health, rev=self.rev, now=self.clock.now()))


def _event(kind: Any, rev: int, entity: msgspec.Struct) -> Event:
    return Event(id=rev, kind=kind, data=msgspec.Raw(msgspec.json.encode(entity)))
