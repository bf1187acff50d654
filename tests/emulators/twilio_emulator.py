"""An emulator of Twilio's Messages API, for tests and benchmarks; a process of its own.

    python tests/emulators/twilio_emulator.py --port 0 --log posts.jsonl

prints ``listening on http://127.0.0.1:PORT`` and serves until SIGTERM or SIGINT. It speaks to one account: the paths,
parameters, error bodies, paging and status callbacks that the official library expects. Twilio's own magic numbers
provoke their errors (``+15005550001`` is not valid, ``...0009`` is no mobile number, and so on).

The log is the oracle of tests that kill things: one JSON line per POST, written before the answer and before any
fault, with the time of receipt (ns), To, Body and the sid (null when the message was not taken). A restarted emulator
reads it back, so that an outage of the provider does not make it forget what it accepted.

``PUT /emulator/behaviour`` with the JSON of :class:`Behaviour` changes how it behaves from the next request on;
``DELETE /emulator/messages`` empties it and its log.
"""

import argparse
import asyncio
import signal
import socket
import ssl
import struct
import sys
from pathlib import Path

if not __package__:  # started as a script: the tests' folder is found from the project's root
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.emulators.twilio_account import Behaviour, Fault, Provider, Reply, error


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request at a time."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._received = b""
        self._transport: asyncio.Transport
        self._is_hung = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, target, _ = lines[0].split(" ", 2)
        if not self._is_hung:
            self._serve(method, target, headers, rest[:length])

    def _serve(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        match method, target:
            case "PUT", "/emulator/behaviour":
                self._provider.behave(Behaviour.from_json(body))
                self._transport.write(Reply(status=200, body={}).encode())
            case "DELETE", "/emulator/messages":
                self._provider.forget()
                self._transport.write(Reply(status=200, body={}).encode())
            case _:
                self._answer(method, target, headers, body)

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        fault = self._provider.fault_for(method)
        reply = self._provider.answer(method, target, headers, body, fault)
        if fault is None:
            self._transport.write(reply.encode())
        else:
            self._misbehave(fault, reply)

    def _misbehave(self, fault: Fault, reply: Reply) -> None:
        match fault.kind:
            case "error":
                self._transport.write(error(fault.code, fault.status, retry_after=fault.retry_after).encode())
            case "hang":
                self._is_hung = True
            case "reset":
                # Linger zero: the peer reads a reset and not an end.
                sock: socket.socket = self._transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._transport.abort()
            case "slow":
                asyncio.get_running_loop().call_later(fault.delay_s, self._transport.write, reply.encode())
            case "garbage":
                self._transport.write(Reply(status=200, body=fault.body.encode()).encode())


async def serve(provider: Provider, *, port: int, tls: ssl.SSLContext | None) -> None:
    """Serve on loopback until a signal asks to stop."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", port, ssl=tls)
    bound = server.sockets[0].getsockname()[1]
    print(f"listening on {'https' if tls else 'http'}://127.0.0.1:{bound}", flush=True)
    async with server:
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Emulator of Twilio's Messages API on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--log", type=Path, required=True, help="file of POSTs, one JSON line each")
    parser.add_argument("--behaviour", default="{}", help='JSON, such as \'{"fault": {"kind": "hang"}}\'')
    parser.add_argument("--certificate", type=Path, help="PEM file with certificate and key: serve HTTPS")
    options = parser.parse_args()
    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate)
    provider = Provider(options.log, Behaviour())
    provider.behave(Behaviour.from_json(options.behaviour))
    asyncio.run(serve(provider, port=options.port, tls=tls))


if __name__ == "__main__":
    main()
