"""The HTTP server of the page: uvicorn that ends its streams first, so that it can stop at once."""

import socket
from collections.abc import Sequence
from typing import Final

import uvicorn
from fastapi import FastAPI

LOOPBACK: Final = ("127.0.0.1", "::1")
GRACE_S: Final = 3  # for answers that are under way
BACKLOG: Final = 2048


class PageServer(uvicorn.Server):
    """Runs until SIGTERM or SIGINT, or until ``should_exit`` is set; logging is left to the process.

    Only servers at ``trusted_proxies`` are believed where a visitor comes from, and that he came by https.
    """

    def __init__(
        self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 0, trusted_proxies: Sequence[str] = LOOPBACK
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """A stream never ends by itself, a download not soon, and the server waits for every answer to end."""
        self._state.live.close()
        self._state.gate.end_streams()
        await super().shutdown(sockets)
