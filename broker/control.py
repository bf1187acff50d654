"""Core's Unix socket: frames, requests, responses and two small clients.

A frame is four bytes of length (big-endian) and that much JSON. A request names a command, its arguments, who asks
and an idempotency key; the response comes after the commit. ``follow`` answers with a stream of ``live.Event`` frames.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec

from broker.live import Event

MAX_FRAME: Final = 8 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    args: dict[str, Any] = {}
    actor: str
    key: str | None = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """``error`` is one sentence that names the thing and the remedy; ``result`` is JSON."""

    ok: bool
    result: Any = None
    error: str | None = None


class CommandFailed(Exception):
    """Core refused a command; the text is for the person who gave it."""


class CoreUnreachable(Exception):
    """Nobody answers on core's socket."""


request_decoder = msgspec.json.Decoder(Request)
response_decoder = msgspec.json.Decoder(Response)
event_decoder = msgspec.json.Decoder(Event)


def frame(message: msgspec.Struct) -> bytes:
    body = msgspec.json.encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """One frame's body, or None at the end of the stream; raises ValueError on a frame over the limit."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(4))
        if length > MAX_FRAME:
            raise ValueError(f"frame of {length} bytes is over {MAX_FRAME}")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def command(path: Path, request: Request, *, timeout_s: float = 30) -> Any:
    """Ask core and wait for its answer; raises CommandFailed or CoreUnreachable."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.connect(str(path))
            connection.sendall(frame(request))
            body = _receive(connection)
        except OSError as error:
            raise CoreUnreachable(f"core does not answer on {path}: {error}") from None
    return _unwrap(response_decoder.decode(body))


def _receive(connection: socket.socket) -> bytes:
    def exactly(count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = connection.recv(count - len(parts))
            if not part:
                raise ConnectionResetError("closed in mid-answer")
            parts += part
        return bytes(parts)

    (length,) = _LENGTH.unpack(exactly(4))
    return exactly(length)


def _unwrap(response: Response) -> Any:
    if not response.ok:
        raise CommandFailed(response.error or "refused without a reason")
    return response.result


async def command_async(path: Path, request: Request, *, timeout_s: float = 30) -> Any:
    """The same for a process with an event loop."""
    return await asyncio.wait_for(asyncio.to_thread(command, path, request, timeout_s=timeout_s), timeout_s + 1)


async def follow(path: Path, *, after: int, actor: str) -> AsyncIterator[Event]:
    """Every entity changed after journal id ``after``, then live; ends when core closes the stream."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_FRAME)
    except OSError as error:
        raise CoreUnreachable(f"core does not answer on {path}: {error}") from None
    try:
        writer.write(frame(Request(name="follow", args={"after": after}, actor=actor)))
        await writer.drain()
        while (body := await read_frame(reader)) is not None:
            yield event_decoder.decode(body)
    finally:
        writer.close()
