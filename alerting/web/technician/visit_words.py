"""The audit log's entries about a node in a technician's words. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from alerting.web.catalogue import tr
from alerting.web.technician.visits import Visit

SAID: Final = ("reason", "note")
DONE: Final = {
    "maintenance begun": "pemeliharaan dimulai",
    "maintenance changed": "akhir pemeliharaan diubah",
    "maintenance ended": "pemeliharaan selesai",
    "node changed": "data node diubah",
    "node credential": "kredensial dibuat",
    "node credential revoked": "kredensial dicabut",
    "node credential rotated": "kredensial diganti",
    "staff gauge read": "papan duga dibaca",
    "sighting noted": "pengamatan",
    "photo added": "foto",
    "installation begun": "pemasangan dimulai",
    "installation finished": "pemasangan selesai",
    "installation dropped": "pemasangan dihentikan",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLine:
    """``record`` is the number of the installation that ended well with it."""

    at: int
    who: str
    what: str
    record: int | None = None


def visit_line(visit: Visit) -> VisitLine:
    """An action that has no words here is shown as it was audited."""
    try:
        detail = msgspec.json.decode(visit.detail, type=dict[str, Any])
    except msgspec.DecodeError:
        detail = {}
    said = next((str(detail[name]) for name in SAID if detail.get(name)), "")
    what = f"{_action(visit.action, detail)}{f': {said}' if said else ''}"
    record = detail.get("installation") if visit.action == "installation finished" else None
    return VisitLine(at=visit.at, who=str(detail.get("by") or _person(visit.actor)), what=what, record=record)


def _action(action: str, detail: dict[str, Any]) -> str:
    if action == "node order":
        return tr("perintah {do}", do=str(detail.get("do") or tr("pengaturan")))
    return tr(DONE[action]) if action in DONE else action


def _person(actor: str) -> str:
    """``Budi`` of ``web:Budi``."""
    return actor.partition(":")[2] or actor
