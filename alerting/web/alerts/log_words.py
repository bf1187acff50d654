"""The audit log in words: who did what about an alert, one line each."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from alerting.web import words
from alerting.web.alerts.archive import LogRow
from alerting.web.catalogue import tr

# What is shown of an action; what has no words here is for the log itself.
ACTIONS: Final = {
    "alert acknowledged": "menangani peringatan",
    "alert escalated": "petugas berikutnya diberi tahu",
    "alert comment": "mencatat",
    "alert raised": "menaikkan",
    "alert lowered": "menurunkan",
    "alert cancelled": "membatalkan peringatan",
    "area cleared": "menyatakan wilayah aman",
    "notice made": "pemberitahuan dibuat",
    "notice approved": "menyetujui pemberitahuan",
    "notice vetoed": "menahan pemberitahuan",
    "notice edited": "mengubah teks",
    "notice reworded": "teks diperbarui sebelum tayang",
    "notice cancelled": "membatalkan peringatan",
    "notice cleared": "menyatakan aman",
    "notice window over": "tenggang habis",
    "notice sent": "selesai dikirim",
    "notice replaced": "pemberitahuan diganti",
    "maintenance begun": "memulai pemeliharaan",
    "maintenance changed": "mengubah pemeliharaan",
    "maintenance ended": "pemeliharaan selesai",
    "staff gauge read": "membaca papan duga",
    "policy set": "mengubah kebijakan",
    "channel tested": "menguji saluran",
}
DECISIONS: Final = ("notice approved", "notice vetoed", "notice edited", "notice cancelled", "notice cleared")
WORDS: Final = ("reason", "note", "text")
COMMENT: Final = "alert comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``subject`` is a notice or an alert; ``words`` what the person wrote."""

    at: int
    who: str
    what: str
    subject: str
    words: str
    action: str
    is_comment: bool
    is_decision: bool


def lines_of(log: Iterable[LogRow]) -> list[Line]:
    """The rows that people understand, in their order."""
    return [_line(row, ACTIONS[row.action]) for row in log if row.action in ACTIONS]


def _line(row: LogRow, what: str) -> Line:
    detail = _detail(row)
    said = next((str(detail[each]) for each in WORDS if isinstance(detail.get(each), str) and detail[each]), "")
    if isinstance(read := detail.get("level_m"), int | float):
        said = ", ".join(each for each in (f"{words.number(read, 2)} m", said) if each)
    return Line(
        at=row.at,
        who=str(detail.get("by") or detail.get("read_by") or row.actor),
        what=tr(what),
        subject=row.subject,
        words="" if row.action == "notice approved" else said,
        action=row.action,
        is_comment=row.action == COMMENT,
        is_decision=row.action in DECISIONS,
    )


def _detail(row: LogRow) -> dict[str, Any]:
    try:
        found = json.loads(row.detail)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
