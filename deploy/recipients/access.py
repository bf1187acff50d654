"""Who saw, exported, changed or erased personal data, and when: from the audit log, read beside the running core."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ACTIONS: Final = "recipient"  # every action on them begins so
PAGE: Final = 1000
QUERY: Final = """
    SELECT id, at, actor, action, subject, detail FROM audit
    WHERE id < ? AND at >= ? AND action >= ? AND action < ? ORDER BY id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """``at`` is ms UTC; ``about`` the ids of those it was about; ``reason`` what was given."""

    at: int
    actor: str
    action: str
    about: tuple[str, ...]
    reason: str


def accesses(journal: Path, *, recipient: str | None = None, since: int = 0) -> Iterator[Access]:
    """The newest first; of one recipient, or all. Pages through, so that no long read holds the journal's log up."""
    below = 2**63 - 1
    while True:
        rows = _page(journal, below, since)
        for row in rows:
            below, detail = row[0], json.loads(row[5])
            about = _about(row[4], detail)
            if recipient is None or recipient in about:
                yield Access(
                    at=row[1],
                    actor=row[2],
                    action=row[3],
                    about=about,
                    reason=str(detail.get("reason") or detail.get("how") or ""),
                )
        if len(rows) < PAGE:
            return


def _page(journal: Path, below: int, since: int) -> list[Any]:
    connection = sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(QUERY, (below, since, ACTIONS, f"{ACTIONS}~", PAGE)).fetchall()
    finally:
        connection.close()


def _about(subject: str, detail: dict[str, Any]) -> tuple[str, ...]:
    named = detail.get("recipients")
    return tuple(str(each) for each in named) if isinstance(named, list) else (subject,)
