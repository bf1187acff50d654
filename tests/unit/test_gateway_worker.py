"""A logger's own thread on a bad day: a full disk, a full ring, a source that fails, a clock that is off."""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from broker import wire
from edge.gateway.ring import Ring, RingRefused
from edge.gateway.sample import Sample, SourceUnusable, Taking
from edge.gateway.worker import _Life, _Pushed
from tests.installation import eventually


@dataclass
class Broker:
    """The logger's end of a connection: what went out, in order."""

    node: str = "lg-01"
    payloads: list[list[wire.Observation]] = field(default_factory=list)
    statuses: list[wire.Status] = field(default_factory=list)

    def start(self) -> None: ...

    def observations(self, payload: bytes) -> None:
        self.payloads.append(wire.decode_observations(payload))

    def status(self, status: wire.Status) -> None:
        self.statuses.append(status)


@dataclass
class Gauge:
    """A source that gives the number of its look; ``unusable`` is why it does not."""

    keeps_what_is_not_taken: bool = False
    said: str = ""
    looks: int = 0
    unusable: str = ""

    def take(self, now_ms: int) -> Taking:
        self.looks += 1
        if self.unusable:
            raise SourceUnusable(self.unusable)
        return Taking(samples=[Sample(time_ms=now_ms, values={"level_m": float(self.looks)})], marks={"at": b"x"})

    def close(self) -> None: ...


@contextmanager
def life(path: Path, source: Gauge | None, *, most: int = 1000) -> Iterator[tuple[Broker, Callable[[Any], None]]]:
    """A logger that is alive and connected: gives the broker's side and a way to put events in."""
    broker, events, stops = Broker(), queue.SimpleQueue[Any](), threading.Event()
    events.put(True)

    def run() -> None:
        ring = Ring(path, boot=7, most=most)
        _Life(broker, ring, source, events, every_s=0.05).run(stops)  # type: ignore[arg-type]
        ring.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield broker, events.put
    finally:
        stops.set()
        events.put(None)
        thread.join(30)


def refuse_writes(path: Path) -> None:
    """What a full disk does, from now on."""
    Ring(path, boot=1).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON samples BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    other.close()


def levels(broker: Broker) -> set[float | None]:
    return {each.s["level_m"] for payload in broker.payloads for each in payload}


def test_what_cannot_be_stored_is_sent_all_the_same(tmp_path: Path) -> None:
    """A warning is worth more than the rule: with a full disk a Modbus value still goes out, numbered once."""
    refuse_writes(tmp_path / "a.ring")
    with life(tmp_path / "a.ring", Gauge()) as (broker, _):
        eventually(lambda: {1.0, 2.0, 3.0} <= levels(broker), "three samples")
    numbers = [each.seq for payload in broker.payloads for each in payload]
    assert sorted(set(numbers)) == numbers
    assert (True, 0) == (broker.statuses[0].online, broker.statuses[0].stored)


def test_a_push_that_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    """The sender keeps it; nothing goes out that is not in the ring."""
    refuse_writes(tmp_path / "a.ring")
    with life(tmp_path / "a.ring", None) as (broker, put):
        pushed = _Pushed(samples=[Sample(time_ms=1, values={"level_m": 1.0}, key=b"k")], answer=Future())
        put(pushed)
        with pytest.raises(RingRefused, match="disk full"):
            pushed.answer.result(30)
    assert [] == broker.payloads


def test_a_source_that_can_wait_waits_while_the_ring_is_half_full(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With core away a CSV file is its own ring; after an acknowledgement it is read again."""
    caplog.set_level(logging.INFO)
    source = Gauge(keeps_what_is_not_taken=True)
    with life(tmp_path / "a.ring", source, most=20) as (_, put):
        eventually(lambda: "10 samples wait for core" in caplog.text, "the ring to be half full")
        assert 10 == source.looks
        put(wire.Ack(now=time.time_ns() // 1_000_000, acked=[(7, 0, 9)]))
        eventually(lambda: source.looks > 10, "the source to be read again")
    assert 1 == caplog.text.count("samples wait for core")
    assert "well again" in caplog.text


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A night without the logger is two lines."""
    caplog.set_level(logging.INFO)
    source = Gauge(unusable="the folder is gone")
    with life(tmp_path / "a.ring", source) as (broker, _):
        eventually(lambda: source.looks > 4, "some looks")
        source.unusable = ""
        eventually(lambda: broker.payloads, "a sample")
        eventually(lambda: "well again" in caplog.text, "the end to be told")
    assert (1, 1) == (caplog.text.count("the folder is gone"), caplog.text.count("well again"))


def test_a_clock_that_is_off_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Core's time comes with each acknowledgement; an hour's difference is one line, with the remedy."""
    with life(tmp_path / "a.ring", None) as (_, put):
        for _turn in range(3):
            put(wire.Ack(now=time.time_ns() // 1_000_000 - 3_600_000, acked=[]))
        eventually(lambda: "set it by NTP" in caplog.text, "the difference to be told")
    assert 1 == caplog.text.count("is +3600 s from core's: set it by NTP")
