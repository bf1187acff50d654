"""What is sent when, and the node's two clocks."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.firmware_interpreter import run

PRELUDE = """
import json
import delivery as module
from delivery import Delivery, RESEND_MS
from ring import Ring
from segment import Reading

now = 0
module.ticks_ms = lambda: now

class Clock:
    def time_of(self, boot, uptime_ms):
        return uptime_ms

def reading(seq, boot=7):
    return Reading(boot, seq, seq, b'"s":{"distance_mm":1000}')

def store(*seqs):
    for seq in seqs:
        ring.append(reading(seq))

def fresh(seq):
    store(seq)
    line.offer(reading(seq))

def sent():
    payload = line.next()
    if payload is None:
        return None
    found = json.loads(payload)
    return [each["seq"] for each in found] if isinstance(found, list) else [found["seq"]]

def all_sent():
    found = []
    while True:
        seqs = sent()
        if seqs is None:
            return found
        found.append(seqs)

ring = Ring("ring")
line = Delivery(ring, Clock())
log = []
"""


def played(folder: Path, script: str) -> Any:
    return run(PRELUDE + script + "\nprint(json.dumps(log))", folder)


def test_fresh_readings_go_before_the_backlog(tmp_path: Path) -> None:
    """After a connection the newest go first, then the backlog, oldest first, in arrays, two on their way."""
    log = played(
        tmp_path,
        """
store(*range(100))
line.connected()
log.append(all_sent())
fresh(100)
log.append(all_sent())
line.acknowledged([(7, 0, 19)])
log.append(all_sent())
""",
    )
    assert [[[96, 97, 98, 99], list(range(20)), list(range(20, 40))], [[100]], [list(range(40, 60))]] == log


def test_everything_is_delivered_once_when_acknowledged(tmp_path: Path) -> None:
    """With an acknowledgement for each payload a backlog drains without a reading sent twice."""
    log = played(
        tmp_path,
        """
store(*range(333))
line.connected()
while True:
    seqs = sent()
    if seqs is None:
        break
    log += seqs
    for seq in seqs:
        line.acknowledged([(7, seq, seq)])
log.append(ring.stored)
""",
    )
    assert log[-1] == 0
    assert list(range(333)) == sorted(log[:-1])


def test_without_an_answer_it_is_sent_again_ever_more_rarely(tmp_path: Path) -> None:
    """After 30 s it goes again, then after 60 s, 120 s, up to five minutes; an answer makes it 30 s again."""
    log = played(
        tmp_path,
        """
line.connected()
fresh(0)
times = []
for now in range(0, 1500000, 5000):
    if sent():
        times.append(now)
log.append(times)
line.acknowledged([(7, 0, 0)])
begun = now
fresh(1)
times = []
for now in range(begun, begun + 100000, 5000):
    if sent():
        times.append(now - begun)
log.append(times)
""",
    )
    starts, again = log
    assert [30, 60, 120, 240, 300, 300] == [(after - before) // 1000 for before, after in pairwise(starts)][:6]
    assert [0, 30000, 90000] == again


def test_while_nobody_answers_fresh_readings_still_go_at_once(tmp_path: Path) -> None:
    """A core that is down for an hour costs each reading once and a little of the backlog, not all of it again."""
    log = played(
        tmp_path,
        """
line.connected()
for now in range(0, 3600000, 5000):
    if now % 60000 == 0:
        fresh(now // 60000)
    for seqs in all_sent():
        log.append([now, seqs])
""",
    )
    at_once = [seqs[0] for now, seqs in log if seqs == [now // 60000] and now % 60000 == 0]
    assert list(range(60)) == at_once
    assert len(log) <= 60 + 2 * 18


def test_memory_of_what_is_on_its_way_is_bounded(tmp_path: Path) -> None:
    """However often a node samples, a few payloads are remembered, and what was forgotten is sent again."""
    (remembered, sent_later) = played(
        tmp_path,
        """
line.connected()
for now in range(0, 29000, 1000):
    fresh(now // 1000)
    all_sent()
log.append(len(line._flights))
log.append(all_sent())
""",
    )
    assert remembered <= 10
    assert [] == sent_later


def test_new_connection_sends_what_was_on_its_way(tmp_path: Path) -> None:
    """What was sent and not acknowledged when the connection broke is sent again on the next one."""
    log = played(
        tmp_path,
        """
line.connected()
fresh(0)
log.append(all_sent())
line.connected()
log.append(all_sent())
""",
    )
    assert [[[0]], [[0]]] == log


CLOCKS = """
import json
import clock as module
from clock import Clock, Uptime
from ring import Ring

PERIOD = 1 << 30
ticks = PERIOD - 1000
module.ticks_ms = lambda: ticks
module.ticks_diff = lambda a, b: (a - b + PERIOD // 2) % PERIOD - PERIOD // 2
def passes(milliseconds):
    global ticks
    ticks = (ticks + milliseconds) % PERIOD
uptime = Uptime()
ring = Ring("ring")
clock = Clock(uptime, 7, ring)
log = []
"""


def clocked(folder: Path, script: str) -> Any:
    return run(CLOCKS + script + "\nprint(json.dumps(log))", folder)


def test_uptime_does_not_wrap(tmp_path: Path) -> None:
    """Sixty days of ticks that wrap every twelve count up all the same."""
    log = clocked(
        tmp_path,
        """
for day in range(60):
    for _ in range(24):
        passes(3600000)
        uptime.ms()
log.append(uptime.ms())
""",
    )
    assert [60 * 24 * 3600 * 1000] == log


def test_time_is_unknown_until_core_says_it(tmp_path: Path) -> None:
    """Earlier readings get their time afterwards, after a restart too; a core without a clock is not believed."""
    log = clocked(
        tmp_path,
        """
passes(10000)
log.append(clock.time_of(7, 5000))
clock.hear(1000)
log.append(clock.time_of(7, 5000))
uptime.ms()
clock.hear(1764000010000)
log.append(clock.time_of(7, 5000))
log.append(clock.time_of(8, 5000))
log.append(Clock(Uptime(), 9, Ring("ring")).time_of(7, 5000))
""",
    )
    assert [None, None, 1764000005000, None, 1764000005000] == log


def test_clock_takes_the_least_delayed_answer(tmp_path: Path) -> None:
    """A late answer does not set the clock back, an earlier one sets it right, and drift is followed in hours."""
    log = clocked(
        tmp_path,
        """
start = 1764000000000
clock.hear(start - 900)
log.append(clock.time_of(7, 0) - start)
clock.hear(start - 20)
log.append(clock.time_of(7, 0) - start)
passes(3600000)
clock.hear(start + 3600000 - 30000)
log.append(clock.time_of(7, 0) - start)
for _ in range(7):
    passes(3600000)
    clock.hear(start + uptime.ms() - 2000)
log.append(clock.time_of(7, 0) - start)
for _ in range(7):
    passes(3600000)
    clock.hear(start + uptime.ms() - 2000)
log.append(clock.time_of(7, 0) - start)
clock.hear(start + uptime.ms() - 3600000)
log.append(clock.time_of(7, 0) - start)
""",
    )
    assert [-900, -20, -20, -20, -2000, -3600000] == log
