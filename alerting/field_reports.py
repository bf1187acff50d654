"""Field reports: what residents who were warned answer from where they are."""

from typing import Final, Literal

import msgspec

Answer = Literal["water", "safe", "note"]

WARNED_MS: Final = 24 * 60 * 60_000  # an answer counts so long after the warning
SAID: Final[dict[Answer, str]] = {
    "water": "air di rumah",
    "safe": "aman",
    "note": "menulis",
}


class FieldReport(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``recipient`` and ``area`` say from where, ``alert`` to which warning; ``note`` is sealed, or empty.

    ``at`` is when core took it and ``received_at`` when the modem did, ms UTC.
    """

    id: int
    at: int
    received_at: int
    recipient: str
    area: str
    alert: str
    answer: Answer
    note: bytes = b""


def latest(reports: list[FieldReport]) -> list[FieldReport]:
    """The last word of each recipient about each warning, the newest first; a note takes nothing back."""
    found: dict[tuple[str, str, bool], FieldReport] = {}
    for report in sorted(reports, key=lambda each: each.id):
        found[report.recipient, report.alert, report.answer == "note"] = report
    return sorted(found.values(), key=lambda each: -each.id)
