"""The audit log, verified by its own description: each hash is SHA-256 of the one before and the row as JSON (I9)."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from deploy.soak.breach import Breaches

Row = tuple[Any, ...]


def verify(rows: Iterable[Row], breaches: Breaches) -> None:
    """``rows`` are id, at, actor, action, subject, detail, hash, in the order of their ids."""
    previous = bytes(32)
    for row in rows:
        fields = json.dumps(list(row[:6]), separators=(",", ":"), ensure_ascii=False).encode()
        if hashlib.sha256(previous + fields).digest() != bytes(row[6]):
            breaches.add("I9", f"the audit log does not follow at row {row[0]} ({row[3]} {row[4]})")
            return
        if not row[1] or not row[2]:
            breaches.add("I9", f"audit row {row[0]} ({row[3]} {row[4]}) has no time or no actor")
        previous = bytes(row[6])
