"""A backup of an installation in the middle of a warning, and what goes on from it."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from deploy.backup import record
from deploy.cli import main
from deploy.state_folder import StateFolder
from tests.notice_post import KARANGKETUG, NoticePost

BACKUP = '[backup]\nfolder = "cadangan"\nkey_file = "backup.key"\n'


class World:
    """A post with people, waiting messages and a notice that nobody has decided, and its command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.post = NoticePost(folder)
        settings = folder / "k.toml"
        settings.write_text(settings.read_text() + BACKUP)
        assert 0 == self.run("backup", "key", "--out", str(folder / "backup.key"))[0]
        self.post.person([KARANGKETUG])
        self.post.level(4.6)

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code and everything that was said."""
        self._capsys.readouterr()
        code = main(words)
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def backup(self, *words: str) -> tuple[int, str]:
        options = ("--settings", str(self.folder / "k.toml"), "--state", str(self.post.state.root))
        return self.run("backup", *words, *options)

    def take(self) -> Path:
        self.post.close()
        code, said = self.backup("run")
        assert (0, True) == (code, "read back and good" in said), said
        return next((self.folder / "cadangan").glob("*.ktb"))

    def restore(self, file: Path, into: Path, key: Path | None = None) -> tuple[int, str]:
        return self.run("restore", str(file), "--key", str(key or self.folder / "backup.key"), "--into", str(into))


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    return World(tmp_path, capsys)


def test_what_waited_is_never_sent_and_what_stood_stands(world: World, tmp_path: Path) -> None:
    """Nothing leaves after a restore, not even by itself later; the alert goes on, and its end is told."""
    assert 1 == len(world.post.waiting)
    file = world.take()
    code, said = world.restore(file, tmp_path / "baru")
    assert (0, True) == (code, "1 messages expired, 1 notices put away" in said), said
    post = world.post
    post.state = StateFolder(tmp_path / "baru")
    post.waiting.clear()
    post.open()
    assert "SIAGA" in [each["level"] for each in post.ask("alert-list", active=True)]
    post.wait(60, turns=3)
    post.wait(3600, turns=3)
    told = {each.entry.alert for each in post.waiting}
    assert not {alert for alert in told if "level" in alert or "area" in alert}
    assert [] == post.sent
    assert (
        0
        == world.run("audit", "verify", *("--settings", str(tmp_path / "k.toml"), "--state", str(tmp_path / "baru")))[0]
    )
    post.close()


def test_what_rises_after_a_restore_is_told(world: World, tmp_path: Path) -> None:
    """A restored installation warns as before."""
    world.restore(world.take(), tmp_path / "baru")
    post = world.post
    post.state = StateFolder(tmp_path / "baru")
    post.waiting.clear()
    post.open()
    post.level(5.6)
    assert ["welang.level.1 v2"] == [f"{each.entry.alert} v{each.entry.version}" for each in post.waiting]
    post.close()


def test_a_backup_has_everything_and_says_so(world: World, tmp_path: Path) -> None:
    """The keys, the credentials, the settings; the record and the audit know of it."""
    post = world.post
    (post.state.root / "photos").mkdir()
    (post.state.root / "photos" / "a.jpg").write_bytes(b"foto")
    file = world.take()
    assert 0 == world.restore(file, tmp_path / "baru")[0]
    into = tmp_path / "baru"
    names = {"journal.db", "settings.toml", "people.key", "order.key", "broker/passwords", "photos/a.jpg"}
    assert set() == {name for name in names if not (into / name).is_file()}
    assert {0o600} == {(into / name).stat().st_mode & 0o777 for name in names - {"journal.db"}}
    assert (post.state.root / "people.key").read_bytes() == (into / "people.key").read_bytes()
    known = record.read(post.state)
    assert (file.name, None) == (known.file, known.problem)
    with sqlite3.connect(into / "journal.db") as journal:
        rows = journal.execute("SELECT action, detail FROM audit ORDER BY id DESC LIMIT 1").fetchall()
    assert [("backup restored", 1)] == [(action, json.loads(detail)["messages"]) for action, detail in rows]
    assert b"Petugas" not in file.read_bytes()


def test_what_is_wrong_is_named_and_nothing_is_half_done(world: World, tmp_path: Path) -> None:
    """Another key, a cut file, a folder that is not empty, no backup at all."""
    file = world.take()
    full = tmp_path / "penuh"
    full.mkdir()
    (full / "x").write_text("x")
    assert (2, True) == _refused(world.restore(file, full), "is not empty; a restore overwrites nothing")
    other = tmp_path / "lain.key"
    assert 0 == world.run("backup", "key", "--out", str(other))[0]
    assert (2, True) == _refused(world.restore(file, tmp_path / "b1", other), "sealed with another key")
    cut = tmp_path / "potong.ktb"
    cut.write_bytes(file.read_bytes()[:-20])
    assert (2, True) == _refused(world.restore(cut, tmp_path / "b2"), "cannot be read")
    assert (2, True) == _refused(world.backup("verify", str(cut)), "cannot be read")
    assert (2, True) == _refused(world.restore(tmp_path / "tiada.ktb", tmp_path / "b3"), "no such file")
    assert (0, True) == _refused(world.backup("verify"), "The chain holds")
    assert (0, True) == _refused(world.backup("list"), file.name)


def test_a_backup_that_cannot_be_taken_is_on_the_record(world: World, tmp_path: Path) -> None:
    """The board says it, and the last good one is not forgotten."""
    world.take()
    shutil.rmtree(tmp_path / "cadangan")
    (tmp_path / "cadangan").write_text("no folder")
    code, said = world.backup("run")
    known = record.read(world.post.state)
    assert (2, True, True) == (code, "no backup was taken" in said, known.good_at is not None)
    assert "no backup was taken" in (known.problem or "")


def test_it_is_one_moment_though_core_writes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Taken while core runs: whole, and core's writing goes on."""
    world = World(tmp_path, capsys)
    world.post.level(4.7, minutes=30)
    from deploy.backup import snapshot

    seen = 0

    def write(_done: int, _total: int) -> None:
        nonlocal seen
        if seen < 5:
            seen += 1
            world.post.level(4.7, minutes=1)

    before = _count(world.post.state.journal)
    snapshot.copy(world.post.state.journal, tmp_path / "copy.db", write)
    assert (before, None) == (_count(tmp_path / "copy.db"), snapshot.fault(tmp_path / "copy.db"))
    assert before + seen == _count(world.post.state.journal)
    world.post.close()


def _refused(found: tuple[int, str], sentence: str) -> tuple[int, bool]:
    return found[0], sentence in found[1]


def _count(path: Path) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return int(connection.execute("SELECT count(*) FROM readings").fetchone()[0])
