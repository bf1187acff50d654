"""The application on a free port of the loopback, in a thread of the test."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from alerting.web.access import Visitor
from alerting.web.app import create_app
from alerting.web.live import LivePage
from alerting.web.past import Past
from alerting.web.readings import ReadRange
from alerting.web.server import PageServer
from broker.clock import REAL, Clock
from tests.browser.fake_core import Answer, FakeCore
from tests.browser.scenes import PastOfScenes, Scene, areas_told, past

OPERATOR = Visitor(name="Sari", role="operator", csrf="x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    url: str
    port: int
    app: FastAPI
    core: FakeCore

    @property
    def live(self) -> LivePage:
        live: LivePage = self.app.state.live
        return live


@contextmanager
def served(
    folder: Path,
    scene: Callable[[int], Scene],
    *,
    clock: Clock = REAL,
    read_range: ReadRange = past,
    history: Past | None = None,
    port: int = 0,
    open_as: Visitor | None = OPERATOR,
    answers: Mapping[str, Answer] | None = None,
    **more: Any,
) -> Iterator[Served]:
    """The page over a fake core that tells ``scene``; both are stopped at the end. Everybody is ``open_as``.

    ``answers`` are core's to commands, by name; ``more`` goes to the application.
    """
    told = scene(clock.now())
    known: dict[str, Answer] = {"area-export": lambda _: areas_told(), **(answers or {})}
    core = FakeCore(folder / "core.sock", clock=clock, health=told.health, answers=known)
    core.put(*told.entities)
    core.start()
    app = create_app(
        socket_path=core.path,
        clock=clock,
        read_range=read_range,
        past=history or PastOfScenes(),
        demo=told.health.demo,
        cap=folder / "cap",
        open_as=open_as,
        **more,
    )
    try:
        with running(app, port=port) as bound:
            page = Served(url=f"http://127.0.0.1:{bound}", port=bound, app=app, core=core)
            wait_for(page.live.link.ready.is_set, "the page followed the core")
            yield page
    finally:
        core.stop()


@contextmanager
def running(app: FastAPI, *, port: int = 0) -> Iterator[int]:
    """Serve ``app``; the port it is bound to."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = PageServer(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="page-server")
    thread.start()
    try:
        wait_for(lambda: server.started, "the server started")
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()
    assert not thread.is_alive(), "the server did not stop"


def wait_for(condition: Callable[[], bool], what: str, *, within_s: float = 60.0) -> None:
    """Look every 10 ms until ``condition`` holds; fails with ``what`` when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not in {within_s:g} s: {what}"
        time.sleep(0.01)
