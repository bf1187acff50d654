"""The audit log: who did what, when, and why, in a chain of hashes that shows tampering."""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

GENESIS: Final = bytes(32)


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``audit``, in the table's order."""

    id: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str
    hash: bytes


def audit_entry(
    previous: bytes, *, entry_id: int, at: int, actor: str, action: str, subject: str, detail: object = None
) -> Entry:
    """The next row of the chain; ``detail`` is stored as JSON with sorted keys."""
    text = msgspec.json.encode(detail, order="sorted").decode()
    fields = (entry_id, at, actor, action, subject, text)
    return Entry(*fields, _hash(previous, *fields))


def first_broken(entries: Iterable[Entry], previous: bytes = GENESIS) -> Entry | None:
    """The first row whose hash does not follow from the one before; None when the chain holds."""
    for row in entries:
        if row.hash != _hash(previous, row.id, row.at, row.actor, row.action, row.subject, row.detail):
            return row
        previous = row.hash
    return None


def _hash(previous: bytes, *fields: object) -> bytes:
    return hashlib.sha256(previous + msgspec.json.encode(fields)).digest()
