"""Core's Unix socket: commands, answered after their commit, and the stream of live events."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from broker.control import CommandFailed, Request, Response, frame, read_frame, request_decoder
from deploy.live.hub import LiveHub

log: Final = logging.getLogger(__name__)

Run = Callable[[Request], Any]


class ControlServer:
    """``run`` executes a command on the event loop and returns its result, or raises CommandFailed."""

    def __init__(self, path: Path, *, run: Run, hub: LiveHub) -> None:
        self._path, self._run, self._hub = path, run, hub
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen; an old socket file of a core that died is replaced (core holds its lock by now)."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        finally:
            os.umask(before)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (body := await read_frame(reader)) is not None:
                request = request_decoder.decode(body)
                if request.name == "follow":
                    await self._stream(request, reader, writer)
                    return
                writer.write(frame(self._answer(request)))
                await writer.drain()
        except (ConnectionError, msgspec.DecodeError, ValueError) as error:
            log.info("a control connection was closed: %s", error)
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, request: Request) -> Response:
        try:
            return Response(ok=True, result=self._run(request))
        except CommandFailed as error:
            return Response(ok=False, error=str(error))
        except Exception:
            log.exception("command %s failed", request.name)
            return Response(ok=False, error=f"command {request.name} failed inside core; its log says why")

    async def _stream(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        after = request.args.get("after", 0)
        if not isinstance(after, int) or after < 0:
            raise ValueError("follow: after is not a journal id")
        follower = self._hub.follow(after)
        gone = asyncio.ensure_future(reader.read(1))
        try:
            while not follower.is_slow:
                waiting = asyncio.ensure_future(follower.frames.get())
                done, _ = await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone in done:
                    waiting.cancel()
                    return
                data = waiting.result()
                writer.write(data)
                await writer.drain()
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await gone
            self._hub.leave(follower)
