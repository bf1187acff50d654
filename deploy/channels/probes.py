"""Asks every channel now and then whether it works, off the loop: a warning waits for no probe."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final

from alerting.channels.port import Channel

log: Final = logging.getLogger(__name__)

OnProbe = Callable[[str, str | None], None]


class ChannelProbes:
    """``found`` is called on the loop with a channel's name and what is wrong with it, None for nothing.

    A channel that ``is_known``, because somebody else asked it lately, is left alone: some count logins.
    """

    def __init__(
        self, channels: Mapping[str, Channel], found: OnProbe, *, is_known: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._channels, self._found, self._is_known = channels, found, is_known
        self._under_way: set[str] = set()

    async def run(self) -> None:
        """Begin a probe of every channel whose last one is back."""
        loop = asyncio.get_running_loop()
        for name, channel in self._channels.items():
            if name not in self._under_way and not self._is_known(name):
                self._under_way.add(name)
                # A thread of its own, that nobody waits for: the loop's own threads are joined at the end.
                threading.Thread(target=self._probe, args=(loop, channel), name=f"probe-{name}", daemon=True).start()

    def _probe(self, loop: asyncio.AbstractEventLoop, channel: Channel) -> None:
        try:
            problem = channel.probe()
        except Exception:
            log.exception("the probe of channel %s failed", channel.name)
            problem = "pemeriksaan gagal; lihat log core."
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._back, channel.name, problem)

    def _back(self, name: str, problem: str | None) -> None:
        self._under_way.discard(name)
        self._found(name, problem)
