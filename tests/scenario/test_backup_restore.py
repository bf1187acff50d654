"""A backup of an installation in the middle of a warning, and what goes on from it."""

import asyncio
import json
import shutil
import sqlite3
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from deploy.backup import record
from deploy.backup.backup_folder import DAY_MS, name_of
from deploy.backup.job import BackupJob, is_to_be_sent
from deploy.backup.record import BackupRecord
from deploy.cli import main
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.emulators.s3_server import ACCESS_KEY, BUCKET, S3, SECRET, s3_server
from tests.notice_post import KARANGKETUG, NoticePost

UTC_ZONE = ZoneInfo("UTC")
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


def test_a_backup_goes_to_the_bucket_and_comes_back_from_it(world: World, tmp_path: Path) -> None:
    """With nothing on the new machine but the key, the table of the bucket and its secret."""
    with s3_server() as s3:
        table = (
            f'[backup.bucket]\nendpoint = "{s3.url}"\nname = "{BUCKET}"\naccess_key = "{ACCESS_KEY}"\n'
            'secret_file = "bucket.secret"\n'
        )
        (tmp_path / "baru").mkdir()
        (tmp_path / "baru" / "tujuan.toml").write_text(table)
        settings = tmp_path / "k.toml"
        settings.write_text(settings.read_text() + table)
        for folder in (tmp_path, tmp_path / "baru"):
            (folder / "bucket.secret").write_text(SECRET)
            (folder / "bucket.secret").chmod(0o600)
        file = world.take()
        assert [file.name] == list(s3.objects)
        assert (0, True) == _told(world.backup("list", "--bucket"), file.name)
        assert (0, True) == _told(world.backup("verify", "--bucket"), f"{file.name}: good")
        options = ("--key", str(tmp_path / "backup.key"), "--bucket", str(tmp_path / "baru" / "tujuan.toml"))
        found = world.run("restore", *options, "--into", str(tmp_path / "baru" / "var"))
        assert (0, True) == _told(found, "1 notices put away")
        assert {"var", "tujuan.toml", "bucket.secret"} == {each.name for each in (tmp_path / "baru").iterdir()}


def test_a_bucket_that_fails_is_said_and_sent_to_later(world: World, tmp_path: Path) -> None:
    """The backup itself is good; the record, the board's sentence and a second command tell the rest."""
    with s3_server() as s3:
        settings, board = _with_bucket(tmp_path, s3), list[str | None]()
        s3.denied.add("PUT")
        world.post.close()
        assert (2, True) == _told(world.backup("run"), "is good, but it was not sent: ")
        known = record.read(world.post.state)
        assert (None, True) == (known.problem, "this key may not write it" in str(known.sending_problem))
        now = known.sending_at or 0
        said = record.problem(known, now=now, since=now)
        assert "Salinan cadangan gagal dikirim ke luar: " == str(said)[:40]
        waits = load(settings).backup
        assert [False, True] == [is_to_be_sent(waits, known, now + later) for later in (60_000, 3_600_000)]
        s3.denied.clear()
        record.write(world.post.state, replace(known, sending_at=now - 3_600_000))
        asyncio.run(_an_hour_later(BackupJob(waits, world.post.state, settings, zone=UTC_ZONE, found=board.append)))
        known = record.read(world.post.state)
        assert (known.file, None) == (known.sent_file, known.sending_problem)
        assert ([known.file], None) == (list(s3.objects), board[-1])
        assert not is_to_be_sent(waits, known, now + 3_600_000)


def test_a_key_that_may_not_remove_is_told_so(world: World, tmp_path: Path) -> None:
    """What was sent stays sent; the sentence says which right is missing, and that keep_days = 0 asks for none."""
    with s3_server() as s3:
        _with_bucket(tmp_path, s3)
        for days in range(40, 44):
            taken = time.time_ns() // 1_000_000 - days * DAY_MS
            s3.objects[name_of("ews", taken)] = b"x"
        s3.denied.add("DELETE")
        world.post.close()
        assert (2, True) == _told(world.backup("run"), "was sent, but the old ones stay there: ")
        known = record.read(world.post.state)
        assert (known.file, True) == (
            known.sent_file,
            "s3:DeleteObject unless keep_days is 0" in str(known.sending_problem),
        )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("[backup", "not valid TOML"),
        ("[site]\nname = 'x'\n", "backup.bucket: Expected `object`, got `null`; see docs/backup.md"),
        ("[backup.bucket]\nname = 'x'\n", "missing required field `endpoint`"),
    ],
)
def test_a_bucket_that_is_not_named_well_restores_nothing(
    world: World, tmp_path: Path, content: str | None, said: str
) -> None:
    """One sentence with the file; no folder is made."""
    if content is not None:
        (tmp_path / "tujuan.toml").write_text(content)
    options = ("--key", str(tmp_path / "backup.key"), "--bucket", str(tmp_path / "tujuan.toml"))
    assert (2, True) == _told(world.run("restore", *options, "--into", str(tmp_path / "baru")), said)
    assert not (tmp_path / "baru").exists()
    assert (2, True) == _told(
        world.run("restore", *options[:2], "--into", str(tmp_path / "baru")), "no backup was named"
    )
    world.post.close()


def test_a_bucket_that_was_taken_out_is_forgotten(world: World) -> None:
    """Its last failure stands on the board until the next backup, and not for ever."""
    record.write(world.post.state, BackupRecord(sent_at=1, sending_at=2, sending_problem="putus"))
    world.take()
    known = record.read(world.post.state)
    assert (None, None, None) == (known.sent_at, known.sending_at, known.sending_problem)


async def _an_hour_later(job: BackupJob) -> None:
    await job.run()
    assert job._taking is not None
    await job._taking


def _with_bucket(folder: Path, s3: S3) -> Path:
    """The settings file, with the bucket in it and its secret beside it."""
    settings = folder / "k.toml"
    settings.write_text(
        f'{settings.read_text()}[backup.bucket]\nendpoint = "{s3.url}"\nname = "{BUCKET}"\n'
        f'access_key = "{ACCESS_KEY}"\nsecret_file = "bucket.secret"\n'
    )
    (folder / "bucket.secret").write_text(SECRET)
    (folder / "bucket.secret").chmod(0o600)
    return settings


def _told(found: tuple[int, str], words: str) -> tuple[int, bool]:
    """The exit code, and whether ``words`` were said."""
    assert words in found[1], found[1]
    return found[0], True
