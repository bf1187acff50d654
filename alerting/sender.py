"""Threads that carry attempts to their channels and bring the outcomes back. They decide nothing and write nothing."""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Final

from alerting.channels.port import Channel, Message, Outcome, Unknown
from alerting.outbox import Attempt

log: Final = logging.getLogger(__name__)

OnOutcome = Callable[[str, Outcome | None], None]


class Sender:
    """``max_parallel`` threads a channel. ``on_outcome`` is called on them with the entry's key and what came of it."""

    def __init__(self, channels: Mapping[str, Channel], on_outcome: OnOutcome) -> None:
        self._channels = channels
        self._on_outcome = on_outcome
        self._queues: dict[str, queue.SimpleQueue[Attempt | None]] = {n: queue.SimpleQueue() for n in channels}
        self._threads = [
            threading.Thread(target=self._work, args=(channel,), name=f"send-{channel.name}-{n}", daemon=True)
            for channel in channels.values()
            for n in range(channel.max_parallel)
        ]
        for thread in self._threads:
            thread.start()

    def carry(self, attempt: Attempt) -> None:
        """Hand over an attempt that is in the journal as ``sending``."""
        self._queues[attempt.entry.channel].put(attempt)

    def close(self) -> None:
        """Finish what is under way and stop."""
        for channel in self._channels.values():
            for _ in range(channel.max_parallel):
                self._queues[channel.name].put(None)
        for thread in self._threads:
            thread.join(timeout=15)
        for channel in self._channels.values():
            channel.close()

    def _work(self, channel: Channel) -> None:
        waiting = self._queues[channel.name]
        while (attempt := waiting.get()) is not None:
            try:
                outcome = _carry(channel, attempt)
            except Exception:
                # A channel's bug must not lose its message: it may or may not have left.
                log.exception("channel %s failed on %s", channel.name, attempt.entry.key)
                outcome = Unknown(reason=f"Saluran {channel.name} gagal; lihat log core.")
            self._on_outcome(attempt.entry.key, outcome)


def _carry(channel: Channel, attempt: Attempt) -> Outcome | None:
    entry = attempt.entry
    message = Message(
        key=entry.key,
        address=entry.address,
        body=entry.body,
        created_at=entry.created_at,
        valid_for_s=max(1, (entry.valid_until - (entry.attempted_at or entry.created_at)) // 1000),
    )
    if attempt.is_lookup:
        return channel.find(message, attempted_at=entry.attempted_at or entry.created_at)
    return channel.send(message)
