"""The bucket of backups: a second place, by the S3 protocol, for the sealed files of the folder.

A server there can neither read a backup nor change one unnoticed; it can lose one, so every file is read back.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from deploy import secret_file
from deploy.backup.backup_folder import DAY_MS, LEAST_KEPT, taken_at
from deploy.settings import BackupBucket, BadSettings

CONNECT_S: Final = 10.0
READ_S: Final = 60.0
TRIES: Final = 3
BLOCK: Final = 1024 * 1024
OBJECT: Final = re.compile(r"^(<[^>]*>|\w+\([^)]*\)): ")
NOT_ACCEPTED: Final = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "InvalidToken"}
RIGHTS: Final = "s3:PutObject, s3:GetObject and s3:ListBucket, and s3:DeleteObject unless keep_days is 0"

Report = Callable[[str, int, int], None]
"""What goes on, how much of it is done, and how much there is."""


class BucketFailed(Exception):
    """The bucket did not do it; the text names the server or the key of the settings, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A backup in the bucket, as its name tells of it; ``taken_at`` is ms UTC."""

    name: str
    taken_at: int
    size: int


class BackupsInBucket:
    """One bucket. Every call raises BucketFailed, after three tries where the network is to blame."""

    def __init__(self, settings: BackupBucket, base: Path) -> None:
        """``base`` is what the files of the settings are relative to; nothing is asked of the server yet."""
        self._settings = settings
        try:
            secret = secret_file.read(base / settings.secret_file, "backup.bucket.secret_file")
        except BadSettings as error:
            raise BucketFailed(str(error)) from None
        address = urlsplit(settings.endpoint)
        self._client = Minio(
            address.netloc,
            access_key=settings.access_key,
            secret_key=secret,
            secure=address.scheme == "https",
            region=settings.region,
            http_client=_connections(settings, base),
        )

    @property
    def place(self) -> str:
        """The bucket as a person names it."""
        return f"{self._settings.endpoint}/{self._settings.name}"

    def send(self, path: Path, report: Report) -> None:
        """Put a sealed file there and read it back; it is there whole, or this raises."""
        size = path.stat().st_size
        report("sending", 0, size)
        with self._told("write"):
            self._client.fput_object(self._settings.name, self._named(path.name), str(path))
        report("sending", size, size)
        with path.open("rb") as file:
            sent = hashlib.file_digest(file, "sha256").hexdigest()
        if sent != self._hash(path.name, size, report):
            self._remove(path.name)
            raise BucketFailed(f"{self.place}: gives back another {path.name} than was sent; ask its keeper")

    def kept(self, realm: str) -> list[Sent]:
        """The backups of a realm that are there, the newest first."""
        with self._told("list"):
            found = list(self._client.list_objects(self._settings.name, prefix=self._settings.prefix))
        names = [(str(each.object_name).removeprefix(self._settings.prefix), each.size or 0) for each in found]
        kept = [
            Sent(name=name, taken_at=taken, size=size)
            for name, size in names
            if (taken := taken_at(name, realm)) is not None
        ]
        return sorted(kept, key=lambda each: each.taken_at, reverse=True)

    def fetch(self, name: str, into: Path, report: Report) -> Path:
        """Bring a backup into the folder ``into``; the file, which its seal proves when it is opened."""
        target = into / name
        report("fetching", 0, 1)
        with self._told("read"):
            self._client.fget_object(self._settings.name, self._named(name), str(target))
        report("fetching", 1, 1)
        return target

    def prune(self, realm: str, *, now: int) -> list[str]:
        """Remove what is older than ``keep_days``, except the newest three; what was removed."""
        days = self._settings.keep_days
        if not days:
            return []
        old = [each.name for each in self.kept(realm)[LEAST_KEPT:] if now - each.taken_at > days * DAY_MS]
        for name in old:
            with self._told("remove from"):
                self._client.remove_object(self._settings.name, self._named(name))
        return old

    def _named(self, name: str) -> str:
        return f"{self._settings.prefix}{name}"

    def _hash(self, name: str, size: int, report: Report) -> str:
        seen, done = hashlib.sha256(), 0
        with self._told("read"):
            answer = self._client.get_object(self._settings.name, self._named(name))
            try:
                for block in answer.stream(BLOCK):
                    seen.update(block)
                    done += len(block)
                    report("reading back", min(done, size), size)
            finally:
                answer.close()
                answer.release_conn()
        return seen.hexdigest()

    def _remove(self, name: str) -> None:
        with contextlib.suppress(BucketFailed), self._told("remove from"):
            self._client.remove_object(self._settings.name, self._named(name))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            raise BucketFailed(self._refusal(error, what)) from None
        except (ServerError, InvalidResponseError) as error:
            raise BucketFailed(f"{self._settings.endpoint}: does not answer as S3 does: {_first_line(error)}") from None
        except urllib3.exceptions.HTTPError as error:
            raise BucketFailed(self._unreachable(error)) from None
        except (OSError, MinioException, ValueError) as error:
            raise BucketFailed(f"{self.place}: {_first_line(error)}") from None

    def _refusal(self, error: S3Error, what: str) -> str:
        endpoint, name = self._settings.endpoint, self._settings.name
        if error.code in NOT_ACCEPTED:
            return (
                f"backup.bucket.access_key, backup.bucket.secret_file: {endpoint} does not accept them; "
                "write the pair that its keeper gave"
            )
        if error.code == "AccessDenied":
            return f"{self.place}: this key may not {what} it; its keeper gives it {RIGHTS}"
        if error.code == "NoSuchBucket":
            return f"backup.bucket.name: {endpoint} has no bucket {name!r}; let its keeper make it, or write another"
        if error.code == "NoSuchKey":
            return f"{self.place}: has no such backup; see kentongan backup list --bucket"
        if error.code == "RequestTimeTooSkewed":
            return f"{endpoint}: the clock here and its clock differ too much; timedatectl set-ntp true"
        return f"{endpoint}: answers {error.code}: {error.message}"

    def _unreachable(self, error: urllib3.exceptions.HTTPError) -> str:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, urllib3.exceptions.SSLError):
            return (
                f"{self._settings.endpoint}: its certificate is not trusted: {_first_line(reason)}; "
                "name the authority's certificate as backup.bucket.authority"
            )
        return f"{self._settings.endpoint}: cannot be reached: {_first_line(reason)}; look at the address and network"


def _connections(settings: BackupBucket, base: Path) -> urllib3.PoolManager:
    """Connections that neither wait for ever nor trust anybody but ``authority`` where one is named."""
    authority = None if settings.authority is None else base / settings.authority
    if authority is not None and not authority.is_file():
        raise BucketFailed(f"backup.bucket.authority: {authority}: no such file; bring the authority's certificate")
    retries = urllib3.Retry(total=TRIES - 1, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504))
    timeout = urllib3.Timeout(connect=CONNECT_S, read=READ_S)
    if authority is None:
        return urllib3.PoolManager(timeout=timeout, retries=retries)
    return urllib3.PoolManager(timeout=timeout, retries=retries, ca_certs=str(authority))


def _first_line(error: object) -> str:
    """What an error says, without the library's object that it may begin with."""
    lines = str(error).splitlines()
    return OBJECT.sub("", lines[0] if lines else type(error).__name__)
