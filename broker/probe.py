"""Is the broker there? Asked the way a client asks: by CONNECT, with the probe's own credential."""

import socket
from enum import Enum
from typing import Final

_CONNECT: Final = 0x10
_FLAGS: Final = 0xC2  # user name, password, clean session
_CONNACK_ACCEPTED: Final = bytes([0x20, 2, 0, 0])


class Answer(Enum):
    READY = "accepted"
    REFUSED = "refused the probe's credential"
    SILENT = "did not answer"


def ask(port: int, password: str, *, timeout_s: float = 2) -> Answer:
    """What the broker on 127.0.0.1 ``port`` says to CONNECT within about ``timeout_s``. Blocks; raises nothing.

    A port that accepts connections proves little: Mosquitto listens before it handles signals, so that a reload in that
    moment would end it, and a hung one goes on listening.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
            connection.sendall(_connect_packet("probe", password))
            answer = connection.recv(len(_CONNACK_ACCEPTED), socket.MSG_WAITALL)
    except OSError:
        return Answer.SILENT
    if len(answer) < len(_CONNACK_ACCEPTED):
        return Answer.SILENT
    return Answer.READY if answer == _CONNACK_ACCEPTED else Answer.REFUSED


def _connect_packet(user: str, password: str) -> bytes:
    keepalive_s = 10
    parts = (_text("MQTT"), bytes([4, _FLAGS, 0, keepalive_s]), _text(user), _text(user), _text(password))
    body = b"".join(parts)
    # A password of ours keeps the body under 128 bytes, where its length takes one byte.
    return bytes([_CONNECT, len(body)]) + body


def _text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode("ascii")
