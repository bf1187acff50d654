"""Whether a watch can reach its own channels: probed now and then, and known from what it could not tell."""

import logging
import threading
from collections.abc import Mapping
from typing import Final

from alerting.channels.port import Channel

log: Final = logging.getLogger(__name__)

EVERY_S: Final = 300.0
SOON_S: Final = 60.0  # after one that found something: twice is not chance


class OwnChannels:
    """A thread that probes; ``problems`` are those found twice in a row, one Indonesian sentence each."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._found: dict[str, list[str | None]] = {name: [] for name in channels}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="own-channels", daemon=True)
        self._thread.start()

    def problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, last in self._found.items():
            two = last[-2:]
            if len(two) == 2 and two[0] is not None and two[1] is not None:
                found[name] = two[1]
        return found

    def close(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            bad = [name for name, channel in self._channels.items() if self._probe(name, channel) is not None]
            self._stop.wait(SOON_S if bad else EVERY_S)

    def _probe(self, name: str, channel: Channel) -> str | None:
        try:
            problem = channel.probe()
        except Exception:
            log.exception("the probe of channel %s failed", name)
            problem = "pemeriksaan gagal; lihat log."
        known = self._found[name]
        if problem is not None and (not known or known[-1] is None):
            log.error("own channel %s: %s", name, problem)
        self._found[name] = [*known[-1:], problem]
        return problem
