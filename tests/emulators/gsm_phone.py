"""A modem as a test has it: the real gammu-smsd over the emulated phone, or over Gammu's own dummy."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from alerting.channels import gammu_config
from alerting.channels.gammu_config import Line
from alerting.channels.gammu_modem import Modem

_SCRIPT = Path(__file__).with_name("gsm_modem.py")
PATIENCE_S = 60.0


def deliver_pdu(number: str, text: str) -> str:
    """An SMS as a network delivers it (3GPP TS 23.040, 9.2.2.1), in UCS-2, with a header of eight bytes."""
    digits = number.lstrip("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2))
    stamp = time.strftime("%y%m%d%H%M%S", time.gmtime()) + "00"
    reversed_pairs = "".join(stamp[n + 1] + stamp[n] for n in range(0, 14, 2))
    body = text.encode("utf-16-be")
    return f"07912618010000F004{len(digits):02X}91{swapped}0008{reversed_pairs}{len(body):02X}{body.hex().upper()}"


class GsmPhone:
    """``modem`` under a real SMSD; a context manager. ``is_dummy``: Gammu's own phone, which takes everything."""

    def __init__(self, folder: Path, name: str = "m1", *, rate: float = 3000.0, is_dummy: bool = False) -> None:
        if shutil.which("gammu-smsd") is None:
            raise RuntimeError("gammu-smsd is missing: apt-get install gammu-smsd gammu")
        self.modem = Modem(name=name, folder=folder / name, rate_per_minute=rate)
        self.modem.prepare()
        self._terminal = folder / f"{name}.tty"
        self._sent = folder / f"{name}.sent.jsonl"
        self._behaviour = folder / f"{name}.behaviour.json"
        self.incoming = folder / f"{name}.incoming.pdu"
        self.line = Line(device="dummy" if is_dummy else str(self._terminal))
        self._phone: subprocess.Popen[str] | None = None
        self.smsd: subprocess.Popen[bytes] | None = None

    def behave(self, **behaviour: Any) -> None:
        """From the modem's next command on; see ``gsm_modem.py``."""
        written = self._behaviour.with_suffix(".new")
        written.write_text(json.dumps(behaviour))
        written.rename(self._behaviour)

    def start(self) -> None:
        """Start phone and SMSD; return when the phone answers."""
        if self.line.device != "dummy":
            self._start_phone()
        self.start_smsd()

    def _start_phone(self) -> None:
        options = {
            "--link": self._terminal,
            "--log": self._sent,
            "--behaviour": self._behaviour,
            "--inbox": self.incoming,
        }
        self._phone = subprocess.Popen(
            [sys.executable, str(_SCRIPT), *(str(word) for pair in options.items() for word in pair)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._phone.stdout is not None
        ready, _, _ = select.select([self._phone.stdout], [], [], PATIENCE_S)
        if not ready or self._phone.stdout.readline() != "ready\n":
            raise RuntimeError("the emulated phone did not start")

    def start_smsd(self) -> None:
        """Start SMSD as its supervisor does; return when it is at work."""
        gammu_config.write(self.modem, self.line)
        before = self.modem.read_log().count("Starting phone communication")
        self.smsd = subprocess.Popen(
            gammu_config.command(self.modem), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE_S
        while self.modem.read_log().count("Starting phone communication") == before or self.modem.pid() is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"gammu-smsd did not start: {self.modem.read_log()[-300:]}")
            time.sleep(0.02)

    def kill_smsd(self, number: int = signal.SIGKILL) -> None:
        if self.smsd is not None:
            with contextlib.suppress(ProcessLookupError):
                self.smsd.send_signal(signal.SIGCONT)
            self.smsd.send_signal(number)
            self.smsd.wait(PATIENCE_S)
            self.smsd = None

    def pause_smsd(self) -> None:
        assert self.smsd is not None
        os.kill(self.smsd.pid, signal.SIGSTOP)

    def unplug(self) -> None:
        """The phone is gone; SMSD stays."""
        assert self._phone is not None
        self._phone.kill()
        self._phone.wait(PATIENCE_S)
        self._terminal.unlink()

    def sent(self) -> list[dict[str, Any]]:
        """What the network has, outside every process that is killed; number and PDU of each."""
        return [json.loads(line) for line in self._sent.read_text().splitlines()] if self._sent.exists() else []

    def numbers(self) -> list[str]:
        return [str(each["number"]) for each in self.sent()]

    def close(self) -> None:
        self.kill_smsd()
        if self._phone is not None:
            self._phone.kill()
            self._phone.wait(PATIENCE_S)
            assert self._phone.stdout is not None
            self._phone.stdout.close()
            self._phone = None

    def with_line(self, **changes: Any) -> Self:
        self.line = replace(self.line, **changes)
        return self

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()
