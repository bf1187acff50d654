"""Sessions, and the browsers that somebody has logged in from before: held in memory, kept in a file of the web's own.

A browser holds a random token; the file holds its hash, so that whoever reads the file cannot come in by it. A session
ends when it was not used for long, when it is old, and when its user changed in a way that ends all his sessions.
"""

import asyncio
import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from alerting.users import Role
from alerting.web.access import Visitor
from broker import private_file

HOUR_MS: Final = 3_600_000
# Unused, and altogether. A viewer changes nothing, and a screen on the wall must not go dark at night.
LIMITS_MS: Final[Mapping[Role, tuple[int, int]]] = {"viewer": (7 * 24 * HOUR_MS, 30 * 24 * HOUR_MS)}
USUAL_LIMITS_MS: Final = (12 * HOUR_MS, 24 * HOUR_MS)  # a night shift and what follows it
SEEN_SLICE_MS: Final = 5 * 60_000  # how exactly the file knows when a session was last used
DEVICE_MS: Final = 180 * 24 * HOUR_MS
TOKEN_BYTES: Final = 32
MOST_SESSIONS: Final = 20  # of one user; the one that was longest unused goes

Must = Literal["", "password", "totp"]
"""What a user has to do before anything else is open to him."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sessions (
    token BLOB PRIMARY KEY, user TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, stamp INTEGER NOT NULL,
    csrf TEXT NOT NULL, browser TEXT NOT NULL, began_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, must TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS devices (
    token BLOB NOT NULL, user TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (token, user)
) WITHOUT ROWID;
"""


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """``user`` is the user's key. ``stamp`` is that of the user's last change that ended all sessions."""

    token: bytes  # its hash
    user: str
    name: str
    role: Role
    stamp: int
    csrf: str
    browser: str
    began_at: int
    seen_at: int
    must: Must
    is_over: bool = False
    stored_at: int = 0
    requests: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def id(self) -> str:
        """By which a page names it; leads nobody in."""
        return self.token.hex()[:16]

    @property
    def visitor(self) -> Visitor:
        return Visitor(name=self.name, role=self.role, csrf=self.csrf, must=self.must)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A request that lasts as long as the session at most: it is cut off when the session ends."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self.requests.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self.is_over:
                raise
            task.uncancel()
        finally:
            self.requests.discard(task)


class Sessions:
    """``path`` None: kept in memory alone. Times are ms UTC, of the real clock."""

    def __init__(self, path: Path | None) -> None:
        if path is not None and not path.exists():
            private_file.replace(path, b"")
        # Opened by whoever makes the application, used by the server's loop alone.
        self._file = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.executescript(SCHEMA)
        columns = "token, user, name, role, stamp, csrf, browser, began_at, seen_at, must"
        names = columns.split(", ")
        rows = self._file.execute(f"SELECT {columns} FROM sessions")  # noqa: S608 - our own names
        self._by_token = {row[0]: Session(**dict(zip(names, row, strict=True)), stored_at=row[8]) for row in rows}

    def __len__(self) -> int:
        return len(self._by_token)

    def begin(
        self, *, user: str, name: str, role: Role, stamp: int, must: Must, browser: str, now: int
    ) -> tuple[str, Session]:
        """A new session and its token, which is nowhere kept."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            token=_hash(token),
            user=user,
            name=name,
            role=role,
            stamp=stamp,
            csrf=secrets.token_urlsafe(TOKEN_BYTES),
            browser=browser,
            began_at=now,
            seen_at=now,
            must=must,
        )
        for old in self.of_user(user)[MOST_SESSIONS - 1 :]:
            self.end(old)
        self._by_token[session.token] = session
        self._store(session)
        return token, session

    def find(self, token: str, now: int) -> Session | None:
        """The session of a token, which is thereby used; None when there is none, or no longer."""
        session = self._by_token.get(_hash(token))
        if session is None or session.is_over:
            return None
        if _is_past(session, now):
            self.end(session)
            return None
        session.seen_at = now
        if now - session.stored_at > SEEN_SLICE_MS:
            self._store(session)
        return session

    def of_user(self, user: str) -> list[Session]:
        """The last used first."""
        found = [each for each in self._by_token.values() if each.user == user]
        return sorted(found, key=lambda each: -each.seen_at)

    def end(self, session: Session) -> None:
        """Nothing more by it, and what is still sent to it is cut off."""
        session.is_over = True
        self._by_token.pop(session.token, None)
        self._file.execute("DELETE FROM sessions WHERE token = ?", (session.token,))
        for task in session.requests:
            task.cancel()

    def hold(self, session: Session, *, stamp: int, must: Must) -> None:
        """Let a session outlive the change of its user that it made itself."""
        session.stamp, session.must = stamp, must
        self._store(session)

    def sweep(self, now: int, standing: Mapping[str, Mapping[str, Any]] | None) -> None:
        """End what is past its limits, and whose user is not in ``standing`` with the same stamp (None: not known)."""
        for session in list(self._by_token.values()):
            if session.requests:
                session.seen_at = now  # a screen that is watched
            user = None if standing is None else standing.get(session.user, {})
            if _is_past(session, now) or (user is not None and user.get("stamp") != session.stamp):
                self.end(session)

    def trust(self, device: str, user: str, now: int) -> None:
        """Somebody has logged in from this browser."""
        self._file.execute("DELETE FROM devices WHERE at < ?", (now - DEVICE_MS,))
        self._file.execute("INSERT OR REPLACE INTO devices VALUES (?, ?, ?)", (_hash(device), user, now))

    def is_trusted(self, device: str, user: str, now: int) -> bool:
        row = self._file.execute(
            "SELECT 1 FROM devices WHERE token = ? AND user = ? AND at >= ?", (_hash(device), user, now - DEVICE_MS)
        ).fetchone()
        return row is not None

    def close(self) -> None:
        self._file.close()

    def _store(self, session: Session) -> None:
        session.stored_at = session.seen_at
        row = (session.token, session.user, session.name, session.role, session.stamp, session.csrf, session.browser)
        self._file.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, session.began_at, session.seen_at, session.must),
        )


def _is_past(session: Session, now: int) -> bool:
    unused, altogether = LIMITS_MS.get(session.role, USUAL_LIMITS_MS)
    return now - session.seen_at > unused or now - session.began_at > altogether


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
