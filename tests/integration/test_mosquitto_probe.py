"""The probe's question to a broker in every state."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from broker.probe import Answer, ask

Start = Callable[..., Any]


def test_a_running_broker_answers(start_mosquitto: Start) -> None:
    """It says yes to the probe's password and no to another."""
    broker = start_mosquitto()
    port = broker.settings.local_port
    assert ask(port, broker.passwords["probe"]) is Answer.READY
    assert ask(port, broker.passwords["core"]) is Answer.REFUSED


def test_a_hung_broker_is_silent_though_it_listens(start_mosquitto: Start) -> None:
    """The kernel takes the connection; nobody answers on it."""
    broker = start_mosquitto()
    port = broker.settings.local_port
    os.kill(broker.pid, signal.SIGSTOP)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    assert ask(port, broker.passwords["probe"], timeout_s=0.3) is Answer.SILENT
    os.kill(broker.pid, signal.SIGCONT)
    assert ask(port, broker.passwords["probe"]) is Answer.READY


def test_a_stopped_broker_is_silent(start_mosquitto: Start) -> None:
    """A refused connection is silence too."""
    broker = start_mosquitto()
    broker.stop()
    assert ask(broker.settings.local_port, broker.passwords["probe"]) is Answer.SILENT


def test_something_that_hangs_up_is_silent() -> None:
    """Whatever else has taken the port is not a broker."""

    def hang_up(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=hang_up, args=[server])
        answering.start()
        assert ask(server.getsockname()[1], "x" * 32) is Answer.SILENT
        answering.join(10)
