"""Threads that carry attempts to their channels and bring the outcomes back. They decide nothing and write nothing."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from alerting.channels.port import Channel, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.messages import Attempt, is_beat

log: Final = logging.getLogger(__name__)

LEASE_S: Final = 60.0  # a channel is bounded in time far below
STUCK_MOST: Final = 32  # threads a channel that are replaced; a broken channel must not eat the machine
JOIN_S: Final = 15.0
HUNG_S: Final = 10.0  # a thread that is free takes what it is given at once

Work = tuple[str, bool]  # channel, and whether it looks up
OnOutcome = Callable[[str, Outcome | None, int], None]


class Lease:
    """One attempt that is out, until ``ends_at`` on the monotonic clock."""

    __slots__ = ("attempt", "ends_at", "is_over", "is_taken")

    def __init__(self, attempt: Attempt, lease_s: float) -> None:
        self.attempt, self.ends_at = attempt, time.monotonic() + lease_s
        self.is_taken = False  # by a thread
        self.is_over = False  # its outcome was told


class _Pulse:
    """Given to the threads of one channel to see whether one of them comes for it."""

    __slots__ = ("given_at",)

    def __init__(self) -> None:
        self.given_at: float | None = None  # on the monotonic clock; None: it was taken


class Sender:
    """``max_parallel`` threads a channel that send, and as many that look up.

    ``on_outcome`` is called on them with the entry's key, what came of it, and which attempt it was. An attempt that
    is not back within ``lease_s`` is given up: Unknown, or RetryLater when no thread had begun with it; a thread that
    is stuck in it is replaced by a new one. What it brings in the end is told as well.
    """

    def __init__(self, channels: Mapping[str, Channel], on_outcome: OnOutcome, *, lease_s: float = LEASE_S) -> None:
        self._channels = channels
        self._on_outcome = on_outcome
        self._lease_s = lease_s
        self._queues: dict[Work, queue.SimpleQueue[Lease | _Pulse | None]] = {
            (name, is_lookup): queue.SimpleQueue() for name in channels for is_lookup in (False, True)
        }
        self._pulses = {work: _Pulse() for work in self._queues}
        self._calls = dict.fromkeys(self._queues, 0)  # that channels are in, and that were not given up
        self._lock = threading.Lock()
        self._out: dict[Lease, None] = {}  # oldest first
        self._stuck = dict.fromkeys(self._queues, 0)
        self._threads: list[threading.Thread] = []
        for work in self._queues:
            for _ in range(channels[work[0]].max_parallel):
                self._start(work)
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._watch_leases, name="send-leases", daemon=True)
        self._watch.start()

    def carry(self, attempt: Attempt) -> None:
        """Hand over an attempt that is in the journal as ``sending``."""
        lease = Lease(attempt, self._lease_s)
        with self._lock:
            self._out[lease] = None
        self._queues[attempt.entry.channel, attempt.is_lookup].put(lease)

    def stuck(self, hung_s: float = HUNG_S) -> list[str]:
        """The channels whose threads do not come for what they are given, though none of them is in a call.

        Asks them anew with each call of this. A provider that does not answer is no reason: its calls are given up
        after a lease, and a restart would not make it answer; nobody coming for two leases is one.
        """
        now = time.monotonic()
        found = []
        for work, pulse in self._pulses.items():
            if pulse.given_at is None:
                pulse.given_at = now
                self._queues[work].put(pulse)
            elif now - pulse.given_at > (2 * self._lease_s if self._calls[work] else hung_s):
                found.append(work[0])
        return sorted(set(found))

    def close(self) -> None:
        """Finish what is under way and stop."""
        self._closing.set()
        self._watch.join()
        for work, waiting in self._queues.items():
            for _ in range(self._channels[work[0]].max_parallel + self._stuck[work]):
                waiting.put(None)
        ends_at = time.monotonic() + JOIN_S
        for thread in self._threads:
            thread.join(timeout=max(0.0, ends_at - time.monotonic()))
        for channel in self._channels.values():
            channel.close()

    # -- threads -------------------------------------------------------------------------------------------------

    def _start(self, work: Work) -> None:
        name = f"send-{work[0]}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, args=(work,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, work: Work) -> None:
        waiting, channel = self._queues[work], self._channels[work[0]]
        while (given := waiting.get()) is not None:
            if isinstance(given, _Pulse):
                with self._lock:  # what a message needs, too
                    given.given_at = None
                continue
            lease = given
            with self._lock:
                if lease.is_over:
                    continue
                lease.is_taken = True
                self._calls[work] += 1
            attempt = lease.attempt
            try:
                outcome = _carry(channel, attempt)
            except Exception:
                # A channel's bug must not lose its message: it may or may not have left.
                log.exception("channel %s failed on %s", channel.name, attempt.entry.key)
                outcome = Unknown(reason=f"Saluran {channel.name} gagal; lihat log core.")
            with self._lock:
                was_given_up, lease.is_over = lease.is_over, True
                self._out.pop(lease, None)
                self._calls[work] -= not was_given_up
            self._on_outcome(attempt.entry.key, outcome, attempt.entry.attempts)
            if was_given_up:
                return  # another one works in its place

    # -- leases --------------------------------------------------------------------------------------------------

    def _watch_leases(self) -> None:
        while not self._closing.wait(self._lease_s / 20):
            for lease in self._ended():
                self._give_up(lease)

    def _ended(self) -> list[Lease]:
        now = time.monotonic()
        with self._lock:
            ended = [lease for lease in self._out if lease.ends_at <= now]
            for lease in ended:
                lease.is_over = True
                del self._out[lease]
                self._calls[lease.attempt.entry.channel, lease.attempt.is_lookup] -= lease.is_taken
        return ended

    def _give_up(self, lease: Lease) -> None:
        entry = lease.attempt.entry
        outcome: Outcome = RetryLater(reason=f"Semua pengirim saluran {entry.channel} macet.")
        if lease.is_taken:
            outcome = Unknown(reason=f"Pengirim tidak kembali dalam {self._lease_s:.0f} detik.")
            work = (entry.channel, lease.attempt.is_lookup)
            if self._stuck[work] < STUCK_MOST:
                self._stuck[work] += 1
                self._start(work)
        log.error("channel %s did not come back with %s in %.0f s", entry.channel, entry.key, self._lease_s)
        self._on_outcome(entry.key, outcome, entry.attempts)


def _carry(channel: Channel, attempt: Attempt) -> Outcome | None:
    entry = attempt.entry
    if is_beat(entry):
        problem = channel.probe()
        return Delivered(reference=entry.body) if problem is None else Rejected(reason=problem)
    message = Message(
        key=entry.key,
        address=attempt.address,
        body=entry.body,
        created_at=entry.created_at,
        valid_for_s=max(1, (entry.valid_until - (entry.attempted_at or entry.created_at)) // 1000),
    )
    if attempt.is_lookup:
        return channel.find(message, attempted_at=entry.attempted_at or entry.created_at)
    return channel.send(message)
