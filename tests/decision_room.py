"""A real core behind its real socket, in a thread, and the web pages of one person or several over it."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from alerting.web.access import Visitor
from alerting.web.app import create_app
from alerting.web.past import PastBucket, PastReading, SeriesName, Tier
from deploy.alerts.archive import AlertArchive
from deploy.control_server import ControlServer
from tests.bare_core import SetClock
from tests.browser.page_server import running, wait_for
from tests.notice_post import OFFICER, NoticePost

T = TypeVar("T")
PATIENCE_S = 60.0
TURN_S = 0.1


class PostThread:
    """``do`` runs something with the post on core's own thread and gives its result."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="core-of-test")
        self.post: NoticePost
        self._control: ControlServer
        self._turning: asyncio.Task[None]

    def start(self, officers: str, realm: str = "ews") -> None:
        self._thread.start()

        async def begin() -> None:
            self.post = NoticePost(self._folder, realm=realm, officers=officers)
            self._control = ControlServer(self.socket, run=self.post.commands.run, hub=self.post.core.hub)
            await self._control.start()
            self._turning = asyncio.create_task(self._turn())

        self._run(begin())

    async def _turn(self) -> None:
        """Core's loop: a turn at least so often, which also tells its health to whoever follows."""
        while True:
            await asyncio.sleep(TURN_S)
            self.post.core.turn()

    @property
    def socket(self) -> Path:
        return self.post.state.socket

    def do(self, work: Callable[[NoticePost], T]) -> T:
        async def act() -> T:
            return work(self.post)

        found: T = self._run(act())
        return found

    def stop(self) -> None:
        async def end() -> None:
            self._turning.cancel()
            await self._control.stop()
            self.post.close()

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A minute of a level."""

    start: int
    min: float | None
    max: float | None
    mean: float | None
    count: int = 1
    good: int = 1


class PastOfRoom:
    """History whose only series rises and falls: 3.0 m to 5.8 m at its middle."""

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> Sequence[PastReading]:
        return []

    def aggregates(  # noqa: PLR0917  as the port has it
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> Sequence[PastBucket]:
        if (station, quantity) != ("welang", "level_m"):
            return []
        times = range(start - start % 60_000, end, 60_000)
        levels = [5.8 - 2.8 * abs(2 * n / max(len(times) - 1, 1) - 1) for n in range(len(times))]
        return [
            Bucket(start=at, min=level - 0.02, max=level, mean=level - 0.01)
            for at, level in zip(times, levels, strict=True)
        ][:limit]

    def series(self) -> Sequence[SeriesName]:
        return [("welang", "level_m")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRoom:
    """``window(name)`` is where somebody's browser looks; ``say`` and ``look`` are a browser without a screen."""

    core: PostThread
    stack: ExitStack
    clients: dict[str, httpx.Client]
    urls: dict[str, str]

    def window(self, name: str, role: Any = "approver") -> str:
        """The address of the pages as ``name`` sees them, up to date with core."""
        if name not in self.urls:
            visitor = Visitor(name=name, role=role, csrf=f"csrf-{name}")
            app = create_app(
                socket_path=self.core.socket,
                clock=SetClock(),
                read_range=lambda *_: [],
                past=PastOfRoom(),
                demo=True,
                cap=self.core.post.state.cap,
                archive=AlertArchive(self.core.post.state.journal),
                open_as=visitor,
            )
            port = self.stack.enter_context(running(app))
            wait_for(app.state.live.link.ready.is_set, "the page followed the core")
            self.urls[name] = f"http://127.0.0.1:{port}"
            client = httpx.Client(base_url=self.urls[name], timeout=PATIENCE_S)
            self.clients[name] = self.stack.enter_context(client)
        return self.urls[name]

    def look(self, name: str, path: str, role: Any = "approver") -> httpx.Response:
        self.window(name, role)
        return self.clients[name].get(path)

    def say(self, name: str, path: str, role: Any = "approver", **fields: str) -> httpx.Response:
        """Send a form as the browser of ``name`` would; redirects are not followed."""
        self.window(name, role)
        return self.clients[name].post(path, data={"csrf": f"csrf-{name}", **fields})

    def do(self, work: Callable[[NoticePost], T]) -> T:
        return self.core.do(work)

    def ask(self, command: str, **arguments: Any) -> Any:
        return self.core.do(lambda post: post.ask(command, **arguments))


@contextmanager
def decision_room(folder: Path, *, officers: str = OFFICER, realm: str = "ews") -> Iterator[DecisionRoom]:
    """Core, and as many windows as are asked for; all are closed at the end."""
    core = PostThread(folder)
    core.start(officers, realm)
    try:
        with ExitStack() as stack:
            yield DecisionRoom(core=core, stack=stack, clients={}, urls={})
    finally:
        core.stop()
