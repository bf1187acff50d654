"""The load itself: an open loop that publishes when an observation is due, whatever has become of those before it.

Everything is stamped with the system's clock, because the phones at the other end have no other one in common with it.
One thread, one loop: what is due goes out, what has come in is read, and the rest of the time is slept.
"""

import time
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from broker import wire
from firmware_sim.fleet_clients import ONCE, FleetClients
from firmware_sim.fleet_plan import Fleet, Load
from firmware_sim.fleet_record import Record
from firmware_sim.fleet_script import GARBAGE, Script

START_S: Final = 0.2
PACE_S: Final = 0.0002  # the shortest sleep: at a high rate it makes batches of what would be single system calls
LONGEST_WAIT_S: Final = 0.05
BURST: Final = 2000  # published at most before acknowledgements are read again
DRAIN_S: Final = 60.0  # without any progress
RESEND_S: Final = 5.0  # without any progress, what core has not acknowledged is sent again
RESEND_MOST: Final = 5000
DUPLICATE_AFTER_S: Final = 0.3
PING_S: Final = 20.0
REPORT_S: Final = 1.0


class Publisher:
    """One run of a load."""

    def __init__(self, fleet: Fleet, load: Load, report: Callable[[str], None]) -> None:
        """``report`` gets a line of progress a second. Raises LoadRefused, and FleetRefused for a bad authority."""
        self._load, self._report, self._count = load, report, len(fleet.nodes)
        self._script = Script(load, self._count)
        self._clients = FleetClients(fleet)
        self._sent, self._broker, self._acked = (array("q", bytes(8 * load.total)) for _ in range(3))
        self._next = self._next_duplicate = self._next_garbage = 0
        self._acknowledged = 0
        self._stored_from = [0] * self._count  # the first stored observation of each node that is not acknowledged
        self._began = (0.0, 0.0)
        self.record = Record(load=load, nodes=fleet.nodes, start_ns=0)

    # -- the run ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Connect, publish everything when it is due, wait for acknowledgements; raises FleetRefused and OSError.

        However it ends, also by KeyboardInterrupt, ``record`` holds what was done.
        """
        try:
            self._clients.open()
            self._start()
            reports, storms = self._reports(), self._storms()
            while self._next < self._load.total:
                self._publish_due()
                self._take_news()
                next(storms, None)
                next(reports)
                self._wait()
            self._note_end()
            self._drain(reports)
        finally:
            self._finish()

    def _start(self) -> None:
        record = self.record
        record.start_ns = time.time_ns() + int(START_S * 1e9)
        record.backlog = self._script.stored_each * self._count
        self._script.start_ms = record.start_ns // 1_000_000
        self._began = (time.process_time(), time.perf_counter())
        self._send_stored()

    def _note_end(self) -> None:
        record, (cpu, wall) = self.record, self._began
        record.end_ns = time.time_ns()
        record.cpu_s, record.wall_s = time.process_time() - cpu, time.perf_counter() - wall

    def _finish(self) -> None:
        record = self.record
        if not record.end_ns:
            self._note_end()
        record.scheduled = self._next
        record.unacknowledged = self._next - self._acknowledged
        record.reconnected, record.lost_connections = self._clients.reconnected, self._clients.lost
        record.held, record.garbage_unsure = self._clients.held, self._clients.unsure
        record.sent, record.broker, record.acked = (a.tobytes() for a in (self._sent, self._broker, self._acked))
        self._clients.close()

    # -- out -------------------------------------------------------------------------------------------------------

    def _publish_due(self) -> None:
        elapsed_ns = time.time_ns() - self.record.start_ns
        if elapsed_ns >= 0:
            self._publish_observations(elapsed_ns)
            if self._load.duplicates:
                self._publish_duplicates(elapsed_ns)
            if self._load.garbage:
                self._publish_garbage(elapsed_ns)
        self._clients.flush()

    def _publish_observations(self, elapsed_ns: int) -> None:
        load = self._load
        due = min(load.total, int(elapsed_ns * load.rate / 1e9) + 1, self._next + BURST)
        now = time.time_ns()
        for number in range(self._next, due):
            self._clients.publish(number % self._count, self._script.observation(number), number)
            self._sent[number] = now
        self._next = max(self._next, due)

    def _repeat(self, number: int) -> None:
        self._clients.publish(number % self._count, self._script.observation(number))

    def _publish_duplicates(self, elapsed_ns: int) -> None:
        """Copies follow their originals at a distance, as after a lost acknowledgement."""
        step = round(1 / self._load.duplicates)
        until = min(self._next, int((elapsed_ns / 1e9 - DUPLICATE_AFTER_S) * self._load.rate))
        while self._next_duplicate < until:
            self._repeat(self._next_duplicate)
            self.record.duplicates += 1
            self._next_duplicate += step

    def _publish_garbage(self, elapsed_ns: int) -> None:
        if self._next >= self._load.total:
            return
        until = min(int(elapsed_ns * self._load.garbage / 1e9) + 1, self._next_garbage + BURST)
        for number in range(self._next_garbage, until):
            self._clients.publish(number % self._count, GARBAGE[number % len(GARBAGE)], ONCE)
        self._next_garbage = self.record.garbage = max(self._next_garbage, until)

    # -- in --------------------------------------------------------------------------------------------------------

    def _take_news(self) -> None:
        tokens, acks, has_lost = self._clients.news()
        now = time.time_ns()
        for number in tokens:
            self._broker[number] = now
        for node, payload in acks:
            self._hear(node, payload, now)
        if has_lost:
            self._send_again()

    def _hear(self, node: int, payload: bytes, now: int) -> None:
        stored = self._script.stored_each
        for boot, first, last in wire.decode_ack(payload).acked:
            if boot != self._load.boot:
                continue
            for seq in range(max(first, stored), last + 1):
                number = self._script.number(node, seq)
                if number < self._next and not self._acked[number]:
                    self._acked[number] = now
                    self._acknowledged += 1
            if first < stored:
                self._hear_stored(node, min(last + 1, stored), now)

    def _hear_stored(self, node: int, following: int, now: int) -> None:
        gained = following - self._stored_from[node]
        if gained <= 0:
            return
        self._stored_from[node] = following
        self.record.backlog_acked += gained
        self.record.backlog_seconds = (now - self.record.start_ns) / 1e9
        self._send_stored_of(node)

    # -- again -----------------------------------------------------------------------------------------------------

    def _send_stored(self) -> None:
        for node in range(self._count) if self._script.stored_each else ():
            self._send_stored_of(node)

    def _send_stored_of(self, node: int) -> None:
        """The next array of a node's stored observations, the oldest first, one array at a time."""
        payload, _ = self._script.stored(node, self._stored_from[node])
        if payload:
            self._clients.publish(node, payload)

    def _storms(self) -> Iterator[None]:
        """Drop and open every connection, at even distances over the run."""
        for storm in range(1, self._load.reconnects + 1):
            at = storm * self._load.total // (self._load.reconnects + 1)
            while self._next < at:
                yield
            self._clients.reconnect()
            self._send_again()
            yield

    def _send_again(self) -> None:
        """As nodes do that have come back: everything recent for which no application ACK has come."""
        first = max(0, self._next - int(self._load.rate * RESEND_S))
        for number in range(first, self._next):
            if not self._acked[number]:
                self._repeat(number)
                self.record.resent += 1
        self._send_stored()

    def _drain(self, reports: Iterator[None]) -> None:
        """Wait for what is under way; what stays away is sent again, until nothing more comes."""
        reached, moved_at, sent_at = -1, time.monotonic(), time.monotonic()
        while self._is_waiting() and time.monotonic() < moved_at + DRAIN_S:
            self._take_news()
            self._publish_due()
            next(reports)
            self._wait()
            if reached != (reached := self._acknowledged + self.record.backlog_acked):
                moved_at = sent_at = time.monotonic()
            elif time.monotonic() > sent_at + RESEND_S:
                sent_at = time.monotonic()
                self._send_missing()

    def _is_waiting(self) -> bool:
        return self._acknowledged < self._next or self.record.backlog_acked < self.record.backlog

    def _send_missing(self) -> None:
        missing = (number for number, stamp in enumerate(self._acked) if not stamp)
        for number in islice(missing, RESEND_MOST):
            self._repeat(number)
            self.record.resent += 1
        self._send_stored()

    # -- time --------------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Until the next message is due or something comes in; a pace at least, unless it is late already."""
        load, start_ns = self._load, self.record.start_ns
        wait_s = LONGEST_WAIT_S
        if self._next < load.total:
            due_ns = load.due_ns(self._next)
            if load.garbage:
                due_ns = min(due_ns, int(self._next_garbage * 1e9 / load.garbage))
            wait_s = (start_ns + due_ns - time.time_ns()) / 1e9
        if wait_s <= 0:
            return
        if self._next < load.total and load.rate + load.garbage > 0.5 / PACE_S:
            time.sleep(PACE_S)
        else:
            self._clients.wait(max(PACE_S, min(wait_s, LONGEST_WAIT_S)))

    def _reports(self) -> Iterator[None]:
        """Once a second: a line of progress, and a ping where one is due."""
        report_at = time.monotonic()
        ping_at = report_at + PING_S
        while True:
            now = time.monotonic()
            if now >= report_at:
                report_at = now + REPORT_S
                self._report(self._progress())
            if now >= ping_at:
                ping_at = now + PING_S
                self._clients.ping()
            yield

    def _progress(self) -> str:
        last, late_ms = self._next - 1, 0.0
        if last >= 0:
            late_ms = (self._sent[last] - self.record.start_ns - self._load.due_ns(last)) / 1e6
        return (
            f"{self._next / max(1, self._load.total):4.0%}  sent {self._next}  stored {self._acknowledged}  "
            f"waiting {self._next - self._acknowledged}  late {late_ms:.1f} ms"
        )
