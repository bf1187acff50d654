"""The load itself: an open loop that publishes when an observation is due, whatever has become of those before it.

Everything is stamped with the system's clock, because the phones at the other end have no other one in common with it.
One thread, one loop: what is due goes out, what has come in is read, and the rest of the time is slept.
"""

import contextlib
import select
import ssl
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from broker import wire
from firmware_sim.fleet_mqtt import FleetConnection, FleetRefused, topic_field
from firmware_sim.fleet_plan import WRONG_CLOCKS, Fleet, Load, distance_mm, story, wrong_clock_nodes
from firmware_sim.fleet_record import Record

START_S: Final = 0.2
PACE_S: Final = 0.0002  # the shortest sleep: at a high rate it makes batches of what would be single system calls
LONGEST_WAIT_S: Final = 0.05
BURST: Final = 2000  # published at most before acknowledgements are read again
DRAIN_S: Final = 60.0
RESEND_S: Final = 5.0  # without any progress, what core has not acknowledged is sent again
RESEND_MOST: Final = 5000
DUPLICATE_AFTER_S: Final = 0.3
PING_S: Final = 20.0
BACKLOG_ARRAY: Final = 20
REPORT_S: Final = 1.0
ASIDE: Final = -1  # token of a message that is not an observation's first copy
GARBAGE: Final = (
    b"garbage",
    b"\xff\xfe\x00{",
    b'{"v":1,"boot":1,"seq":1,"t":null,"s":{"distance_mm":NaN}}',
    b'{"v":1,"boot":1,"seq":1,"t":null,"s":{"distance_mm":"12"}}',
    b"[]",
    b'{"v":9,"boot":1,"seq":1,"t":null,"s":{"distance_mm":1.0}}',
)


class Publisher:
    """One run. :meth:`run` may be interrupted by KeyboardInterrupt: the record then holds what was done."""

    def __init__(self, fleet: Fleet, load: Load, report: Callable[[str], None]) -> None:
        """Raises LoadRefused when ``load`` has no room for its story."""
        self._fleet, self._load, self._report = fleet, load, report
        self._count = len(fleet.nodes)
        self._breaches = story(load, self._count)
        self._wrong_from = self._count - wrong_clock_nodes(load, self._count)
        self._topics = [topic_field(f"{fleet.realm}/v1/{node}/obs") for node in fleet.nodes]
        self._numbers = {f"{fleet.realm}/v1/{node}/ack".encode(): n for n, node in enumerate(fleet.nodes)}
        self._connections: list[FleetConnection] = []
        self._of_node: list[FleetConnection] = []
        self._by_file: dict[int, FleetConnection] = {}
        self._touched: set[FleetConnection] = set()
        self._epoll = select.epoll()
        self._sent, self._broker, self._acked = (array("q", bytes(8 * load.total)) for _ in range(3))
        self._next = self._next_duplicate = self._next_garbage = 0
        self._acknowledged = 0
        self._backlog_each = load.backlog_minutes
        self._backlog_at: list[int] = []
        self.record = Record(load=load, nodes=fleet.nodes, start_ns=0)

    # -- the run ---------------------------------------------------------------------------------------------------

    def run(self) -> Record:
        """Connect, publish everything when it is due, wait for acknowledgements; raises FleetRefused and OSError."""
        self._connect()
        record = self.record
        record.start_ns = time.time_ns() + int(START_S * 1e9)
        reports = self._reports()
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            self._begin_backlog()
            storms = self._storms()
            while self._next < self._load.total:
                self._publish_due(time.time_ns() - record.start_ns)
                self._take_news()
                next(storms, None)
                next(reports)
                self._wait()
            record.end_ns = time.time_ns()
            record.cpu_s, record.wall_s = time.process_time() - cpu, time.perf_counter() - wall
            self._drain(reports)
        finally:
            self._finish(cpu, wall)
        return record

    def _finish(self, cpu: float, wall: float) -> None:
        record = self.record
        if not record.end_ns:
            record.end_ns = time.time_ns()
            record.cpu_s, record.wall_s = time.process_time() - cpu, time.perf_counter() - wall
        record.scheduled = self._next
        record.unacknowledged = self._next - self._acknowledged
        record.sent, record.broker, record.acked = (a.tobytes() for a in (self._sent, self._broker, self._acked))
        for connection in self._connections:
            connection.close()
        self._epoll.close()

    def _connect(self) -> None:
        tls = _tls(self._fleet.authority)
        self._of_node = [None] * self._count  # type: ignore[list-item]  # each is filled by the client that has it
        for client in self._fleet.clients:
            made = FleetConnection(
                (self._fleet.host, self._fleet.port),
                user=client.user,
                password=client.password,
                acks=client.acks,
                tls=tls,
            )
            made.open()
            self._watch(made)
            self._connections.append(made)
            for node in client.nodes:
                self._of_node[node] = made

    def _watch(self, connection: FleetConnection) -> None:
        self._by_file[connection.fileno()] = connection
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    # -- out -------------------------------------------------------------------------------------------------------

    def _publish_due(self, elapsed_ns: int) -> None:
        load = self._load
        due = min(load.total, int(elapsed_ns * load.rate / 1e9) + 1, self._next + BURST) if elapsed_ns >= 0 else 0
        now = time.time_ns()
        for number in range(self._next, due):
            self._publish(number)
            self._sent[number] = now
        self._next = max(self._next, due)
        if load.duplicates:
            self._publish_duplicates(elapsed_ns)
        if load.garbage:
            self._publish_garbage(elapsed_ns)
        self._flush()

    def _publish(self, number: int, token: int | None = None) -> None:
        seq, node = divmod(number, self._count)
        breach = self._breaches.get(node)
        connection = self._of_node[node]
        payload = self._payload(
            seq + self._backlog_each,
            self._clock(node, number),
            distance_mm(node, seq, breach_seq=None if breach is None else breach // self._count),
        )
        connection.publish(self._topics[node], payload, number if token is None else token)
        self._touched.add(connection)

    def _payload(self, seq: int, time_ms: int | None, distance: int) -> bytes:
        if time_ms is None:
            return b'{"v":1,"boot":%d,"seq":%d,"t":null,"s":{"distance_mm":%d.0}}' % (self._load.boot, seq, distance)
        return b'{"v":1,"boot":%d,"seq":%d,"t":%d,"s":{"distance_mm":%d.0}}' % (self._load.boot, seq, time_ms, distance)

    def _clock(self, node: int, number: int) -> int | None:
        if node >= self._wrong_from:
            return WRONG_CLOCKS[node % len(WRONG_CLOCKS)]
        return (self.record.start_ns + self._load.due_ns(number)) // 1_000_000

    def _publish_duplicates(self, elapsed_ns: int) -> None:
        """Copies follow their originals at a distance, as after a lost acknowledgement."""
        step = round(1 / self._load.duplicates)
        until = min(self._next, int((elapsed_ns - DUPLICATE_AFTER_S * 1e9) * self._load.rate / 1e9))
        while self._next_duplicate < until:
            self._publish(self._next_duplicate, ASIDE)
            self.record.duplicates += 1
            self._next_duplicate += step

    def _publish_garbage(self, elapsed_ns: int) -> None:
        until = int(elapsed_ns * self._load.garbage / 1e9) + 1 if elapsed_ns >= 0 else 0
        for number in range(self._next_garbage, min(until, self._next_garbage + BURST)):
            node = number % self._count
            self._of_node[node].publish(self._topics[node], GARBAGE[number % len(GARBAGE)], ASIDE)
            self._touched.add(self._of_node[node])
            self._next_garbage = self.record.garbage = number + 1

    def _flush(self) -> None:
        self._touched = {connection for connection in self._touched if not connection.flush()}

    # -- in --------------------------------------------------------------------------------------------------------

    def _take_news(self) -> None:
        events = self._epoll.poll(0)
        now = time.time_ns()
        for file, _ in events:
            connection = self._by_file[file]
            tokens, acks = connection.receive()
            for token in tokens:
                if token >= 0:
                    self._broker[token] = now
            for topic, payload in acks:
                self._hear(topic, payload, now)
            if not connection.is_open:
                self.record.lost_connections += 1
                self._reopen(connection, file)
                self._send_again()
            elif connection.out:
                self._touched.add(connection)

    def _hear(self, topic: bytes, payload: bytes, now: int) -> None:
        node = self._numbers.get(topic)
        if node is None:
            return
        for boot, first, last in wire.decode_ack(payload).acked:
            if boot != self._load.boot:
                continue
            for seq in range(max(first, self._backlog_each), last + 1):
                number = (seq - self._backlog_each) * self._count + node
                if number < self._next and not self._acked[number]:
                    self._acked[number] = now
                    self._acknowledged += 1
            if first < self._backlog_each:
                self._backlog_heard(node, min(last, self._backlog_each - 1), now)

    # -- backlog ---------------------------------------------------------------------------------------------------

    def _begin_backlog(self) -> None:
        self._backlog_at = [0] * self._count
        self.record.backlog = self._backlog_each * self._count
        for node in range(self._count):
            self._send_backlog(node)

    def _send_backlog(self, node: int) -> None:
        """A node's next stored observations, the oldest first, one array at a time."""
        first = self._backlog_at[node]
        last = min(first + BACKLOG_ARRAY, self._backlog_each)
        if first == last:
            return
        start_ms = self.record.start_ns // 1_000_000
        times = [start_ms - (self._backlog_each - seq) * 60_000 for seq in range(first, last)]
        items = [
            self._payload(seq, t, distance_mm(node, seq, breach_seq=None))
            for seq, t in zip(range(first, last), times, strict=True)
        ]
        self._of_node[node].publish(self._topics[node], b"[%b]" % b",".join(items), ASIDE)
        self._touched.add(self._of_node[node])

    def _backlog_heard(self, node: int, last: int, now: int) -> None:
        gained = last + 1 - self._backlog_at[node]
        if gained <= 0:
            return
        self._backlog_at[node] = last + 1
        self.record.backlog_acked += gained
        self.record.backlog_seconds = (now - self.record.start_ns) / 1e9
        self._send_backlog(node)

    # -- connections that break --------------------------------------------------------------------------------------

    def _storms(self) -> Iterator[None]:
        """Drop and open every connection, at even distances over the run."""
        for storm in range(1, self._load.reconnects + 1):
            at = storm * self._load.total // (self._load.reconnects + 1)
            while self._next < at:
                yield
            for connection in self._connections:
                file = connection.fileno()
                connection.drop()
                self._reopen(connection, file)
            self._send_again()
            yield

    def _reopen(self, connection: FleetConnection, file: int) -> None:
        """Come back. A closed socket has left the epoll by itself."""
        self._by_file.pop(file, None)
        connection.in_flight.clear()
        connection.open()
        self._watch(connection)
        self.record.reconnected += 1

    def _send_again(self) -> None:
        """As a node does that has come back: everything recent for which no application ACK has come."""
        first = max(0, self._next - int(self._load.rate * RESEND_S))
        for number in range(first, self._next):
            if not self._acked[number]:
                self._publish(number, ASIDE)
                self.record.resent += 1
        for node in range(self._count):
            self._send_backlog(node)

    # -- the end -----------------------------------------------------------------------------------------------------

    def _drain(self, reports: Iterator[None]) -> None:
        deadline = moved_at = time.monotonic()
        deadline += DRAIN_S
        before = -1
        while self._is_waiting() and time.monotonic() < deadline:
            self._take_news()
            self._publish_due(time.time_ns() - self.record.start_ns) if self._load.duplicates else self._flush()
            next(reports)
            self._wait()
            reached = self._acknowledged + self.record.backlog_acked
            if reached != before:
                before, moved_at = reached, time.monotonic()
                deadline = moved_at + DRAIN_S
            elif time.monotonic() - moved_at > RESEND_S:
                moved_at = time.monotonic()
                self._send_missing()

    def _is_waiting(self) -> bool:
        return self._acknowledged < self._next or self.record.backlog_acked < self.record.backlog

    def _send_missing(self) -> None:
        missing = (number for number, stamp in enumerate(self._acked) if not stamp)
        for number in islice(missing, RESEND_MOST):
            self._publish(number, ASIDE)
            self.record.resent += 1
        for node in range(self._count):
            self._send_backlog(node)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Until the next observation is due or something comes in; never shorter than a pace."""
        load = self._load
        due_ns = self.record.start_ns + load.due_ns(self._next)
        if load.garbage:
            due_ns = min(due_ns, self.record.start_ns + int(self._next_garbage * 1e9 / load.garbage))
        wait_s = LONGEST_WAIT_S if self._next >= load.total else (due_ns - time.time_ns()) / 1e9
        if wait_s <= 0 and self._next < load.total:
            return
        if load.rate + load.garbage > 0.5 / PACE_S:
            time.sleep(PACE_S)
            return
        # epoll's own time-out counts in milliseconds; select's does not, and an epoll can be selected.
        select.select([self._epoll.fileno()], [], [], max(PACE_S, min(wait_s, LONGEST_WAIT_S)))

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
                for connection in self._connections:
                    connection.ping()
                    self._touched.add(connection)
            yield

    def _progress(self) -> str:
        late_ms = 0.0
        if self._next:
            late_ms = (self._sent[self._next - 1] - self.record.start_ns - self._load.due_ns(self._next - 1)) / 1e6
        done = self._next / max(1, self._load.total)
        return (
            f"{done:4.0%}  sent {self._next}  stored {self._acknowledged}  "
            f"waiting {self._next - self._acknowledged}  late {late_ms:.1f} ms"
        )


def _tls(authority: str | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    with contextlib.suppress(OSError):
        context.load_verify_locations(authority)
        return context
    raise FleetRefused(f"{authority} is not a certificate that can be read")
