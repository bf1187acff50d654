"""The demonstration's channel writes to a file and says so."""

import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerting.channels.demo import DemoChannel
from alerting.channels.port import Accepted, Message, RetryLater


def message(key: str) -> Message:
    return Message(key=key, address="+628000000001", body=f"CONTOH BPBD: AWAS {key}", created_at=1_764_000_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "messages.jsonl"


@contextmanager
def opened(path: Path) -> Iterator[DemoChannel]:
    channel = DemoChannel(path)
    try:
        yield channel
    finally:
        channel.close()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_line_says_that_nobody_was_called(path: Path) -> None:
    """Whoever opens the file reads at once that it is a demonstration."""
    with opened(path) as channel:
        channel.send(message("a"))
    assert lines(path) == [
        {
            "catatan": "CONTOH: ditulis ke berkas, tidak dikirim ke telepon siapa pun",
            "key": "a",
            "address": "+628000000001",
            "body": "CONTOH BPBD: AWAS a",
            "created_at": 1_764_000_000_000,
        }
    ]


def test_the_line_is_on_disk_when_the_outcome_is_returned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepted means that the file was flushed to the disk with the whole line in it."""
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append(path.read_text())
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    with opened(path) as channel:
        channel.send(message("a"))
    assert [path.read_text()] == synced


def test_sending_twice_shows_twice(path: Path) -> None:
    """The file is a record of what was asked for: a sender that repeats itself is seen."""
    with opened(path) as channel:
        channel.send(message("a"))
        channel.send(message("a"))
    assert [line["key"] for line in lines(path)] == ["a", "a"]


def test_a_line_torn_by_a_power_cut_is_neither_continued_nor_found(path: Path) -> None:
    """After a cut in mid-write the next message starts a line of its own."""
    with opened(path) as channel:
        channel.send(message("a"))
        channel.send(message("b"))
    path.write_bytes(path.read_bytes()[:-20])
    with opened(path) as channel:
        assert channel.find(message("b"), attempted_at=0) is None
        assert isinstance(channel.send(message("b")), Accepted)
        assert channel.find(message("a"), attempted_at=0) == Accepted(reference="contoh-1")
    whole = [json.loads(line)["key"] for line in path.read_text().splitlines() if line.endswith("}")]
    assert whole == ["a", "b"]


def test_a_full_disk_is_retried_later_and_leaves_no_half_line(path: Path) -> None:
    """What could not be written whole is taken back, and goes through when there is room."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(path) as channel:
        channel.send(message("a"))
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 30, limits[1]))
            refused = channel.send(message("b"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
        assert isinstance(refused, RetryLater)
        assert channel.find(message("b"), attempted_at=0) is None
        assert isinstance(channel.send(message("b")), Accepted)
    assert [line["key"] for line in lines(path)] == ["a", "b"]


def test_others_on_the_machine_cannot_read_it(path: Path) -> None:
    """A real list of numbers put into a demonstration by mistake stays with its owner."""
    with opened(path):
        assert path.stat().st_mode & 0o077 == 0


def test_it_is_named_demo(path: Path) -> None:
    """Pages tell by the name that a message went to a file."""
    with opened(path) as channel:
        assert channel.name == "demo"
