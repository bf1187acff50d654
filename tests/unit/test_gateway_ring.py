"""The gateway's ring and what it sends next: nothing lost, nothing twice, live before backlog."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from broker import wire
from edge.gateway.delivery import BACKLOG, LIVE_FLIGHTS, RESEND_S, Delivery
from edge.gateway.ring import Ring, RingRefused
from edge.gateway.sample import Sample, Taking


def samples(first: int, count: int, *, keys: bool = False) -> list[Sample]:
    return [
        Sample(time_ms=n, values={"level_m": 1.0}, key=str(n).encode() if keys else b"")
        for n in range(first, first + count)
    ]


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    return Ring(tmp_path / "a.ring", boot=7)


def times(payload: bytes | None) -> list[int | None]:
    """The times in a payload, which must keep the wire contract."""
    return [] if payload is None else [each.t for each in wire.decode_observations(payload)]


def test_what_is_stored_is_there_after_a_restart(tmp_path: Path, ring: Ring) -> None:
    """Observations, marks and the count of what was dropped; a new start has its own boot and numbers."""
    ring.store(Taking(samples=samples(0, 3), marks={"csv:1": b"x", "csv:2": b"y", "other": b"z"}))
    ring.store(Taking(marks={"csv:2": b""}))
    ring.close()
    again = Ring(tmp_path / "a.ring", boot=8)
    again.store(Taking(samples=samples(3, 1)))
    assert [(7, 0), (7, 1), (7, 2), (8, 0)] == [(each.boot, each.seq) for each in again.oldest(0, 10)[0]]
    assert ({"csv:1": b"x"}, 4) == (again.marks("csv:"), again.stored)


def test_a_sample_with_a_known_key_is_not_taken_again(tmp_path: Path, ring: Ring) -> None:
    """Not after a restart either, and not when core has it long since."""
    ring.store(Taking(samples=samples(0, 3, keys=True)))
    ring.acknowledge([(7, 0, 2)])
    ring.close()
    again = Ring(tmp_path / "a.ring", boot=8)
    stored = again.store(Taking(samples=samples(2, 3, keys=True)))
    assert [3, 4] == [msgspec.json.decode(each.observation)["t"] for each in stored]


def test_a_full_ring_loses_its_oldest_and_counts_them(tmp_path: Path) -> None:
    """What was dropped is told in the status, for ever."""
    ring = Ring(tmp_path / "a.ring", boot=7, most=10)
    ring.store(Taking(samples=samples(0, 8)))
    assert ring.is_half_full
    ring.store(Taking(samples=samples(8, 5)))
    assert (10, 3) == (ring.stored, ring.dropped)
    ring.close()
    again = Ring(tmp_path / "a.ring", boot=8)
    assert (10, 3, 3) == (again.stored, again.dropped, again.oldest(0, 1)[0][0].seq)


def test_a_refused_write_leaves_nothing_behind(tmp_path: Path, ring: Ring) -> None:
    """Neither samples nor marks: the source goes on from where it was."""
    other = sqlite3.connect(tmp_path / "a.ring", isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON marks BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    other.close()
    with pytest.raises(RingRefused, match=r"a\.ring: disk full"):
        ring.store(Taking(samples=samples(0, 3), marks={"csv:1": b"x"}))
    assert (0, [], {}) == (ring.stored, ring.oldest(0, 10)[0], ring.marks(""))


def test_a_file_that_is_no_ring_is_refused(tmp_path: Path) -> None:
    """One sentence with its name."""
    (tmp_path / "a.ring").write_bytes(b"a letter to somebody, longer than a header of SQLite" * 40)
    with pytest.raises(RingRefused, match=r"a\.ring: file is not a database"):
        Ring(tmp_path / "a.ring", boot=1)


def test_fresh_samples_go_before_the_backlog(ring: Ring) -> None:
    """After a connection the newest at once, then the oldest in arrays, two of them at a time."""
    ring.store(Taking(samples=samples(0, 100)))
    delivery = Delivery(ring)
    delivery.connected()
    assert [96, 97, 98, 99] == times(delivery.next(0))
    assert list(range(BACKLOG)) == times(delivery.next(0))
    assert list(range(BACKLOG, 2 * BACKLOG)) == times(delivery.next(0))
    assert [] == times(delivery.next(0))
    delivery.offer(ring.store(Taking(samples=samples(100, 1))))
    assert [100] == times(delivery.next(0))


def test_everything_is_sent_until_it_is_acknowledged(ring: Ring) -> None:
    """A core that acknowledges in pieces, late, and what it never heard of: in the end the ring is empty."""
    ring.store(Taking(samples=samples(0, 130)))
    delivery = Delivery(ring)
    delivery.connected()
    now = 0.0
    seen = set()
    for turn in range(200):
        if not ring.stored:
            break
        payload = delivery.next(now)
        if payload is None:
            now += RESEND_S
            continue
        heard = [each.seq for each in wire.decode_observations(payload)]
        seen |= set(heard)
        if turn % 3:
            delivery.acknowledged([(7, heard[0], heard[-1] - turn % 2), (9, 0, 10**6)])
    assert (0, set(range(130))) == (ring.stored, seen)


def test_a_batch_after_an_empty_ring_is_sent_whole(ring: Ring) -> None:
    """More rows at once than are fresh, after all before them were acknowledged: no place in the ring is used twice."""
    delivery = Delivery(ring)
    delivery.connected()
    for batch in range(3):
        delivery.offer(ring.store(Taking(samples=samples(batch * 10, 10))))
        sent = times(delivery.next(0)) + times(delivery.next(0))
        assert list(range(batch * 10, batch * 10 + 10)) == sorted(time for time in sent if time is not None)
        delivery.acknowledged([(7, 0, batch * 10 + 9)])
    assert 0 == ring.stored


def test_live_samples_never_wait_for_answers(ring: Ring) -> None:
    """While core is silent each fresh sample goes out once, and comes again only as backlog."""
    delivery = Delivery(ring)
    delivery.connected()
    for number in range(3 * LIVE_FLIGHTS):
        delivery.offer(ring.store(Taking(samples=samples(number, 1))))
        assert [number] == times(delivery.next(0))
    assert list(range(2 * LIVE_FLIGHTS)) == times(delivery.next(0))
