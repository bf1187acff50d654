"""The HTTP server of the page: uvicorn that ends its streams first, so that it can stop at once."""

import socket
from collections.abc import Callable, Sequence
from typing import Final

import uvicorn
from fastapi import FastAPI

LOOPBACK: Final = ("127.0.0.1", "::1")
GRACE_S: Final = 3  # for answers that are under way
BACKLOG: Final = 2048


class PageServer(uvicorn.Server):
    """Runs until SIGTERM or SIGINT, or until ``should_exit`` is set; logging is left to the process.

    Only servers at ``trusted_proxies`` are believed where a visitor comes from, and that he came by https.
    ``on_ready`` is called once it answers, ``on_turn`` some ten times a second from then on, both by its loop.
    """

    def __init__(
        self,
        app: FastAPI,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        trusted_proxies: Sequence[str] = LOOPBACK,
        on_ready: Callable[[], None] | None = None,
        on_turn: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                forwarded_allow_ips=list(trusted_proxies),
                ws="none",
                backlog=BACKLOG,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._state = app.state
        self._on_ready, self._on_turn = on_ready, on_turn

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        if self._on_turn is not None:
            self._on_turn()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """A stream never ends by itself, a download not soon, and the server waits for every answer to end."""
        self._state.live.close()
        self._state.gate.end_streams()
        await super().shutdown(sockets)
