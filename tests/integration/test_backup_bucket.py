"""The bucket of backups: against an emulator that checks every signature, and against a real server that is named.

``KENTONGAN_S3=URL KENTONGAN_S3_ACCESS_KEY=... KENTONGAN_S3_SECRET=... KENTONGAN_S3_BUCKET=...`` adds the latter.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.backup.backup_folder import DAY_MS, name_of
from deploy.backup.bucket import BackupsInBucket, BucketFailed
from deploy.settings import BackupBucket
from tests.emulators.s3_server import ACCESS_KEY, BUCKET, S3, SECRET, s3_server
from tests.influxd import free_ports

TWO = 1_795_028_400_000  # 2026-11-19 02:00 WIB
REAL = ["real"] if "KENTONGAN_S3" in os.environ else []


def quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


def bucket_of(folder: Path, url: str, *, secret: str = SECRET, **other: object) -> BackupsInBucket:
    """The bucket as an installation opens it, with its secret in a file."""
    (folder / "s3.secret").write_text(secret)
    (folder / "s3.secret").chmod(0o600)
    settings = {"name": BUCKET, "access_key": ACCESS_KEY, "prefix": "uji/", "keep_days": 30.0, **other}
    return BackupsInBucket(BackupBucket(endpoint=url, secret_file="s3.secret", **settings), folder)  # type: ignore[arg-type]


@pytest.fixture(params=["emulator", *REAL])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, s3: S3) -> BackupsInBucket:
    """An empty place in a bucket."""
    if request.param == "emulator":
        return bucket_of(tmp_path, s3.url)
    environment = {each: os.environ[f"KENTONGAN_S3_{each}"] for each in ("ACCESS_KEY", "SECRET", "BUCKET")}
    return bucket_of(
        tmp_path,
        os.environ["KENTONGAN_S3"],
        secret=environment["SECRET"],
        access_key=environment["ACCESS_KEY"],
        name=environment["BUCKET"],
        prefix=f"uji-{tmp_path.parent.name}-{tmp_path.name}/",
    )


def backup(folder: Path, days: int, size: int = 70_000) -> Path:
    """A file under a backup's name, ``days`` old."""
    path = folder / name_of("ews", TWO - days * DAY_MS)
    path.write_bytes(os.urandom(size))
    return path


def test_what_is_sent_is_there_and_comes_back_the_same(bucket: BackupsInBucket, tmp_path: Path) -> None:
    """Also one of several parts; another realm's is not among them."""
    small, large = backup(tmp_path, 1), backup(tmp_path, 0, 6_000_000)
    other = tmp_path / name_of("latihan", TWO)
    other.write_bytes(b"x")
    for path in (small, large, other):
        bucket.send(path, quiet)
    assert [large.name, small.name] == [each.name for each in bucket.kept("ews")]
    assert [6_000_000, 70_000] == [each.size for each in bucket.kept("ews")]
    (into := tmp_path / "hasil").mkdir()
    assert small.read_bytes() == bucket.fetch(small.name, into, quiet).read_bytes()
    assert large.read_bytes() == bucket.fetch(large.name, into, quiet).read_bytes()


def test_the_old_go_and_the_newest_three_stay(bucket: BackupsInBucket, tmp_path: Path) -> None:
    """As in the folder."""
    sent = [backup(tmp_path, days, 100) for days in (10, 40, 50, 60, 70)]
    for path in sent:
        bucket.send(path, quiet)
    assert [path.name for path in sent[3:]] == bucket.prune("ews", now=TWO)
    assert [path.name for path in sent[:3]] == [each.name for each in bucket.kept("ews")]


def test_what_is_not_there_is_named(bucket: BackupsInBucket, tmp_path: Path) -> None:
    """With the command that lists what is."""
    with pytest.raises(BucketFailed, match="has no such backup; see kentongan backup list --bucket"):
        bucket.fetch(name_of("ews", TWO), tmp_path, quiet)


def test_for_ever_is_for_ever(s3: S3, tmp_path: Path) -> None:
    """With keep_days 0 nothing is removed by us, nor asked."""
    bucket = bucket_of(tmp_path, s3.url, keep_days=0.0)
    for days in (400, 500, 600, 700):
        bucket.send(backup(tmp_path, days, 100), quiet)
    s3.denied.add("GET")
    assert [] == bucket.prune("ews", now=TWO)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "salah-salah-salah"}, "backup.bucket.access_key, backup.bucket.secret_file: .* does not accept"),
        ({"access_key": "orang-lain"}, "backup.bucket.access_key, backup.bucket.secret_file: .* does not accept"),
        ({"name": "tidak-ada"}, r"backup\.bucket\.name: .* has no bucket 'tidak-ada'"),
        ({"authority": "ca.pem"}, r"backup\.bucket\.authority: .*ca\.pem: no such file"),
    ],
)
def test_a_wrong_setting_is_named(s3: S3, tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    """By its key; nothing was written."""
    with pytest.raises(BucketFailed, match=said):
        bucket_of(tmp_path, s3.url, **wrong).send(backup(tmp_path, 0), quiet)
    assert {} == s3.objects


def test_a_key_that_may_not_is_told_what_it_needs(s3: S3, tmp_path: Path) -> None:
    """The rights by their names."""
    s3.denied.add("PUT")
    with pytest.raises(BucketFailed, match="this key may not write it; its keeper gives it s3:PutObject"):
        bucket_of(tmp_path, s3.url).send(backup(tmp_path, 0), quiet)


def test_nobody_there_is_told_as_such(tmp_path: Path) -> None:
    """After some tries, in a sentence without the library's words."""
    (port,) = free_ports(1)
    with pytest.raises(BucketFailed, match=rf"^http://127\.0\.0\.1:{port}: cannot be reached: .*refused.*network$"):
        bucket_of(tmp_path, f"http://127.0.0.1:{port}").send(backup(tmp_path, 0), quiet)


def test_a_portal_in_between_is_told_as_such(s3: S3, tmp_path: Path) -> None:
    """A page of a hotel's network is no answer of S3."""
    s3.is_broken = True
    with pytest.raises(BucketFailed, match=s3.url):
        bucket_of(tmp_path, s3.url).kept("ews")
    with pytest.raises(BucketFailed, match=s3.url):
        bucket_of(tmp_path, s3.url).send(backup(tmp_path, 0), quiet)


def test_a_server_that_spoils_a_file_is_found_out(s3: S3, tmp_path: Path) -> None:
    """It is read back, and what is not the same does not stay."""
    path = backup(tmp_path, 0)
    s3.spoiled.add(f"uji/{path.name}")
    with pytest.raises(BucketFailed, match="gives back another kentongan-ews-"):
        bucket_of(tmp_path, s3.url).send(path, quiet)
    assert {} == s3.objects
