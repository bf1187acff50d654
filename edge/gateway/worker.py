"""One logger's thread: take what its source has, store it, send it, free what core acknowledges."""

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from broker import wire
from edge.gateway.delivery import Delivery
from edge.gateway.identity import Identity
from edge.gateway.link import Link
from edge.gateway.push import Fresh
from edge.gateway.ring import Ring, RingRefused
from edge.gateway.sample import Sample, Source, SourceUnusable, Taking

log: Final = logging.getLogger(__name__)

FIRMWARE: Final = "gateway 1"
STATUS_S: Final = 300.0
CLOCK_OFF_MS: Final = 60_000
_TURN_S: Final = 5.0  # at most between two looks at what is late
_PAUSE_S: Final = 5.0  # after a fault that nobody foresaw


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pushed:
    samples: Sequence[Sample]
    answer: "Future[Fresh]"


_Event = bool | wire.Ack | _Pushed | None  # connected or lost; acknowledged; pushed; stop


class Worker:
    """``source`` is None for a logger that pushes. ``open_source`` may use the ring's marks, on the worker's thread."""

    def __init__(
        self, identity: Identity, ring: Callable[[], Ring], source: Callable[[Ring], Source] | None, *, every_s: float
    ) -> None:
        self.identity = identity
        self._open_ring, self._open_source, self._every_s = ring, source, every_s
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._link = Link(identity, changed=self._events.put, acked=self._events.put)
        self._thread = threading.Thread(target=self._run, name=identity.node, daemon=True)
        self._stops = threading.Event()

    # -- from other threads ------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; see :meth:`join`."""
        self._stops.set()
        self._events.put(None)

    def join(self, patience_s: float) -> None:
        self._thread.join(patience_s)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def push(self, samples: Sequence[Sample]) -> "Future[Fresh]":
        """Store samples that came by themselves; the future tells when they are durable, or has RingRefused."""
        answer: Future[Fresh] = Future()
        self._events.put(_Pushed(samples=samples, answer=answer))
        return answer

    # -- its own thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        refusal = ""
        while not self._stops.is_set():
            try:
                self._live()
            except RingRefused as error:
                if str(error) != refusal:  # a full disk is told once
                    log.warning("%s: %s", self.identity.node, error)
                refusal = str(error)
                self._stops.wait(_PAUSE_S)
            except Exception:
                log.exception("%s: begins again", self.identity.node)
                self._stops.wait(_PAUSE_S)

    def _live(self) -> None:
        ring = self._open_ring()
        source = None
        try:
            source = self._open_source(ring) if self._open_source is not None else None
            _Life(self._link, ring, source, self._events, every_s=self._every_s).run(self._stops)
        finally:
            self._link.stop()
            if source is not None:
                source.close()
            ring.close()


class _Life:
    """From opening the ring to closing it."""

    def __init__(
        self,
        link: Link,
        ring: Ring,
        source: Source | None,
        events: "queue.SimpleQueue[_Event]",
        *,
        every_s: float,
    ) -> None:
        self._node, self._ring, self._source, self._link, self._events = link.node, ring, source, link, events
        self._every_s = every_s
        self._delivery = Delivery(ring)
        self._began = time.monotonic()
        # Loggers that were started together are not all asked in the same moment.
        self._due = self._began + random.uniform(0, min(1.0, every_s / 10))  # noqa: S311  no secret
        self._status_due = self._began
        self._is_connected = False
        self._was_said = ""
        self._is_clock_told = False

    def run(self, stops: threading.Event) -> None:
        self._link.start()
        while not stops.is_set():
            now = time.monotonic()
            if self._source is not None and now >= self._due:
                self._take(self._source)
            self._send()
            self._await()

    def _await(self) -> None:
        """Until something happens or is due; then everything that has happened meanwhile."""
        wait_s = _TURN_S if self._source is None else min(_TURN_S, self._due - time.monotonic())
        try:
            event = self._events.get(timeout=max(0.0, wait_s))
            while True:
                self._hear(event)
                event = self._events.get_nowait()
        except queue.Empty:
            return

    def _hear(self, event: _Event) -> None:
        if isinstance(event, _Pushed):
            self._store_pushed(event)
        elif isinstance(event, wire.Ack):
            self._delivery.acknowledged(event.acked)
            self._compare_clock(event.now)
        elif event is not None:
            self._is_connected = event
            log.info("%s: %s", self._node, "connected" if event else "the broker is gone")
            if event:
                self._delivery.connected()
                self._status_due = time.monotonic()

    # -- in ------------------------------------------------------------------------------------------------------------

    def _take(self, source: Source) -> None:
        self._due += self._every_s
        if self._due <= time.monotonic():
            self._due = time.monotonic() + self._every_s
        if source.keeps_what_is_not_taken and self._ring.is_half_full:
            self._tell(f"{self._ring.stored} samples wait for core; what comes stays where it is for now")
            return
        try:
            taking = source.take(time.time_ns() // 1_000_000)
        except SourceUnusable as error:
            self._tell(str(error))
            return
        self._tell(source.said)
        self._store(source, taking)
        if taking.has_more:
            self._due = time.monotonic()

    def _store(self, source: Source, taking: Taking) -> None:
        try:
            stored = self._ring.store(taking) if taking.samples or taking.marks else []
        except RingRefused as error:
            if source.keeps_what_is_not_taken:
                raise
            # Sent without being stored: a warning is worth more than the rule.
            log.warning("%s: %s; it is sent without being stored", self._node, error)
            stored = self._ring.number(taking.samples)
        self._delivery.offer(stored)

    def _store_pushed(self, pushed: _Pushed) -> None:
        try:
            stored = self._ring.store(Taking(samples=pushed.samples))
        except RingRefused as error:
            pushed.answer.set_exception(error)
            return
        pushed.answer.set_result(Fresh(len(stored), len(pushed.samples) - len(stored)))
        self._delivery.offer(stored)

    def _tell(self, said: str) -> None:
        """An outage once when it begins, and once when it ends."""
        if said and not self._was_said:
            log.warning("%s: %s", self._node, said)
        elif self._was_said and not said:
            log.info("%s: well again", self._node)
        self._was_said = said

    # -- out -----------------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        if not self._is_connected:
            return
        now = time.monotonic()
        while (payload := self._delivery.next(now)) is not None:
            self._link.observations(payload)
        if now >= self._status_due:
            self._status_due = now + STATUS_S
            self._link.status(
                wire.Status(
                    online=True,
                    boot=self._ring.boot,
                    firmware=FIRMWARE,
                    uptime_s=int(now - self._began),
                    stored=self._ring.stored,
                    dropped=self._ring.dropped,
                )
            )

    def _compare_clock(self, core_ms: int) -> None:
        off_ms = time.time_ns() // 1_000_000 - core_ms
        if abs(off_ms) > CLOCK_OFF_MS and not self._is_clock_told:
            log.error("%s: this machine's clock is %+d s from core's: set it by NTP", self._node, off_ms // 1000)
        self._is_clock_told = abs(off_ms) > CLOCK_OFF_MS
