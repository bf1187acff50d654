"""A watch as its host has it: a process of its own, its settings and state, and what its keepers got."""

import os
import signal
import subprocess
import sys
from typing import Any

from deploy.commands.watch import FILE, _write
from tests.emulators.web_receiver import WebReceiver
from tests.installation import Installation, eventually

PATIENCE_S = 3.0
KEEPER = """
[[keepers]]
name = "Petugas TI"
channel = "webhook"
to = "{url}/pengawas"
"""


class WatchPost:
    """``beat_s``, ``patience_s`` and ``repeat_minutes`` as in the settings; keepers are told by a webhook."""

    def __init__(
        self,
        installation: Installation,
        receiver: WebReceiver,
        *,
        keeper: str = "",
        beat_s: float = 1.0,
        patience_s: float = PATIENCE_S,
        repeat_minutes: float = 15.0,
        daily_hour: int = 23,
    ) -> None:
        self.receiver = receiver
        self.folder = installation.root / "watch"
        made = installation.ask("watch-new", watch="pengawas", keeper=keeper)
        authority = installation.state.authority / "ca.pem"
        _write(self.folder, made, authority, installation.settings, host="127.0.0.1")
        self.file = self.folder / FILE
        text = self.file.read_text()
        for before, after in (
            ("beat_s = 20", f"beat_s = {beat_s}"),
            ("patience_s = 60", f"patience_s = {patience_s}"),
            ("repeat_minutes = 15", f"repeat_minutes = {repeat_minutes}"),
            ("daily_hour = 8", f"daily_hour = {daily_hour}"),
            ("webhook = false", "webhook = true"),
        ):
            assert before in text
            text = text.replace(before, after)
        self.file.write_text(text + KEEPER.format(url=receiver.url))
        self.process: subprocess.Popen[bytes] | None = None
        self.log = installation.root / "watch.log"

    def start(self, **environment: str) -> None:
        argv = [sys.executable, "-m", "deploy.cli", "watch", "run", str(self.file)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment}
            )

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None

    def bodies(self) -> list[str]:
        """What the keeper got, oldest first."""
        return [_body(content) for _, content in self.receiver.received]

    def await_body(self, words: str, *, after: int = 0) -> str:
        """The first text with these words, after so many."""
        found = eventually(
            lambda: [body for body in self.bodies()[after:] if words in body],
            f"{words!r}; the keeper has {self.bodies()}; the watch says {self._last_lines()}",
        )
        return str(found[0])

    def await_line(self, words: str) -> None:
        """In the log of the process that runs."""
        eventually(lambda: words in self.log.read_text(), f"{words!r} in {self.log.read_text()}")

    def await_well(self) -> None:
        """The watch has seen the whole chain work."""
        eventually(lambda: "the chain: well" in self._last_lines(1), "the chain to be well")

    def _last_lines(self, count: int = 5) -> str:
        lines = [line for line in self.log.read_text().splitlines() if count > 1 or "the chain:" in line]
        return "\n".join(lines[-count:])


def _body(content: dict[str, Any]) -> str:
    return str(content["message"])
