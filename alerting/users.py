"""Users: who may log in, as what, and by what he is known."""

import unicodedata
from typing import Any, Final, Literal

import msgspec

Role = Literal["viewer", "operator", "approver", "technician", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "approver", "technician", "admin")
WITH_SECOND_FACTOR: Final = frozenset(("approver", "admin"))
LEAST_NAME, MOST_NAME = 2, 40


class BadName(ValueError):
    """What cannot be a user's name; the text says why."""


class User(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``users``, in the table's order.

    ``key`` is the name as it is looked up. ``password`` is what :mod:`alerting.passwords` keeps. ``totp`` is the second
    factor's secret, sealed, empty without one; ``totp_step`` the last step whose code was used. ``recovery`` are the
    digests of the recovery codes that are left, 32 bytes each. ``stamp`` is the journal id of the last change that
    ended all sessions. Times are ms UTC.
    """

    id: int
    key: str
    name: str
    role: Role
    password: str
    must_change: bool
    totp: bytes
    totp_step: int
    recovery: bytes
    is_disabled: bool
    stamp: int
    created_at: int
    changed_at: int


def user_of(row: tuple[Any, ...]) -> User:
    """A row as SQLite gives it."""
    return msgspec.convert(row, User, strict=False)


def checked_name(said: str) -> str:
    """A name as it is kept; raises BadName."""
    name = " ".join(unicodedata.normalize("NFKC", said).split())
    if not LEAST_NAME <= len(name) <= MOST_NAME:
        raise BadName(f"a user's name has {LEAST_NAME} to {MOST_NAME} letters, {said[:MOST_NAME]!r} has {len(name)}")
    if not all(each.isalnum() or each in " .'-_@" for each in name) or not name[0].isalnum():
        raise BadName(f"a user's name is of letters, digits, spaces and . ' - _ @, and begins with a letter: {name!r}")
    return name


def key_of(name: str) -> str:
    """By which a user is found, however he writes his name: in capitals or not, with one space or two."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
