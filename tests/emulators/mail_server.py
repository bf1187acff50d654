"""A mail server over plain sockets, in threads of the test's own process; it can misbehave at every step."""

import socket
import struct
import threading
from collections.abc import Iterable
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Self

from alerting.channels import apprise_target

if TYPE_CHECKING:
    from email.message import EmailMessage

STEPS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "QUIT")


class MailServer:
    """``mails`` holds what was taken. ``faults`` maps a step to an answer such as "550 no", or to hang or reset."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.faults: dict[str, str] = {}
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._is_closing = threading.Event()

    def settings(self) -> apprise_target.MailServer:
        return apprise_target.MailServer(
            host="127.0.0.1", port=self.port, security="insecure", sender="peringatan@kota.example"
        )

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closing.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                self._talk(connection, lines)
            except OSError:
                return

    def _talk(self, connection: socket.socket, lines: Iterable[bytes]) -> None:
        recipient = ""
        if not self._say(connection, "connect", "220 mail.example"):
            return
        for raw in lines:
            line = raw.decode().strip()
            step = line[:4].upper()
            if step == "RCPT":
                recipient = line.partition("<")[2].rstrip(">")
            if not self._say(connection, step, {"DATA": "354 go on", "QUIT": "221 bye"}.get(step, "250 ok")):
                return
            if step == "QUIT":
                return
            if step == "DATA" and step not in self.faults:
                self._take(recipient, lines)
                if not self._say(connection, "body", "250 taken"):
                    return

    def _take(self, recipient: str, lines: Iterable[bytes]) -> None:
        body = b""
        for raw in lines:
            if raw == b".\r\n":
                break
            body += raw[1:] if raw.startswith(b".") else raw
        self.mails.append((recipient, message_from_bytes(body, policy=policy.default)))

    def _say(self, connection: socket.socket, step: str, text: str) -> bool:
        """False when the conversation is over."""
        fault = self.faults.get(step)
        if fault == "hang":
            self._is_closing.wait(60)
            return False
        if fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        connection.sendall(f"{fault or text}\r\n".encode())
        return True
