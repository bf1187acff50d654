"""The real core on a real journal, in a thread of the test: commands and live events by its socket, no broker."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from broker import control
from broker.clock import REAL, Clock
from broker.control import Request
from deploy.assembly import core_of, credentials_of
from deploy.commands.common import _NoLink, _NoSender
from deploy.control_server import ControlServer
from deploy.core_commands.commands import Commands
from deploy.settings import load
from deploy.state_folder import StateFolder

SETTINGS = '[site]\nname = "Uji"\nstate_dir = "s"\n'
TICK_S = 0.1
PATIENCE_S = 60


class CoreThread:
    """``start`` and ``stop`` as often as wanted; ``path`` is the settings file, ``state`` the folder of state."""

    def __init__(self, folder: Path, *, settings: str = SETTINGS, clock: Clock = REAL) -> None:
        self.path = folder / "k.toml"
        self.path.write_text(settings)
        self.settings = load(self.path)
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="core")
        self._thread.start()
        assert ready.wait(PATIENCE_S), "core did not start"

    def stop(self) -> None:
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "core did not stop"
        self._thread = None

    def ask(self, name: str, /, *, actor: str = "test", **arguments: Any) -> Any:
        """A command's answer; raises CommandFailed."""
        return control.command(self.state.socket, Request(name=name, args=arguments, actor=actor))

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        with self.state.core_lock():
            core = core_of(self.settings, self.state, self._clock, channels={})
            core.link, core.sender = _NoLink(), _NoSender()
            commands = Commands(core, credentials_of(self.state), lambda: True)
            server = ControlServer(self.state.socket, run=commands.run, hub=core.hub)
            await server.start()
            ready.set()
            while not self._stopping.is_set():
                core.turn()
                try:
                    await asyncio.wait_for(self._stopping.wait(), TICK_S)
                except TimeoutError:
                    continue
            await server.stop()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if others:
                await asyncio.wait(others, timeout=PATIENCE_S)
            core.stop()
