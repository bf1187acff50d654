"""Files that only their owner reads."""

import os
import stat
import threading
from pathlib import Path

import pytest

from broker import private_file


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    """The new content stands under the old name, for its owner only, and nothing else is left in the folder."""
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    private_file.replace(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the change, not the file."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "secret"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        private_file.replace(path, b"new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("secret", "old")]


def test_an_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    """It is written again only when its content differs or others can read it."""
    path = tmp_path / "config"
    written = [private_file.replace_if_changed(path, content) for content in (b"a", b"a", b"b")]
    path.chmod(0o640)
    written.append(private_file.replace_if_changed(path, b"b"))
    assert written == [True, False, True, True]


def test_one_at_a_time_is_inside(tmp_path: Path) -> None:
    """A second holder waits until the first has left."""
    order = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with private_file.exclusive(tmp_path):
            inside.set()
            leave.wait(10)
            order.append("first")

    def second() -> None:
        with private_file.exclusive(tmp_path):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]
