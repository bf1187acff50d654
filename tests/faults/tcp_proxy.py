"""A TCP proxy that can hold everything back, cut, slow down and break into pieces what passes through it."""

import contextlib
import select
import socket
import threading
import time
from typing import Final, Self

PIECE: Final = 65536
POLL_S: Final = 0.05


class TcpProxy:
    """Listens on a free port of loopback and passes on to ``port`` there; a context manager.

    ``is_open`` False: connections stand and nothing passes, either way, as in a network that drops every packet; new
    ones are taken and hang. ``delay_s`` is waited before each piece, which has ``piece`` bytes at most.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.is_open = True
        self.delay_s = 0.0
        self.piece = PIECE
        self.passed = 0  # bytes, both ways
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection that stands."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for each in (end for pair in pairs for end in pair):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def connections(self) -> int:
        with self._lock:
            return len(self._pairs)

    def _accept(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._listener], [], [], POLL_S)[0]:
                continue
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._pairs.append((near, far))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # the other direction or a cut has closed them
            while not self._ended.is_set():
                if not self.is_open:
                    self._ended.wait(POLL_S)
                elif select.select([source], [], [], POLL_S)[0] and self.is_open:
                    data = source.recv(self.piece)
                    if not data:
                        break
                    if self.delay_s:
                        time.sleep(self.delay_s)
                    target.sendall(data)
                    self.passed += len(data)
        self._forget(source, target)

    def _forget(self, *ends: socket.socket) -> None:
        with self._lock:
            self._pairs = [pair for pair in self._pairs if pair[0] not in ends]
        for each in ends:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
