"""The audit log about one node and its station, read for the technician's phone by the web process."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from alerting.web.technician.visits import Visit, VisitsUnavailable
from broker.topics import Realm, topic

PATIENCE_S: Final = 2.0
ACTIONS: Final = (
    "maintenance begun",
    "maintenance changed",
    "maintenance ended",
    "node changed",
    "node credential",
    "node credential revoked",
    "node credential rotated",
    "node order",
    "staff gauge read",
    "sighting noted",
    "photo added",
    "installation begun",
    "installation finished",
    "installation dropped",
)
# The subject has an index of its own; of a station's entries the many about warnings are left out.
_VISITS: Final = f"""
    SELECT at, actor, action, detail FROM audit
    WHERE (subject IN (?, ?, ?, ?) OR (subject > ? AND subject < ?)) AND action IN ({", ".join("?" * len(ACTIONS))})
    ORDER BY id DESC LIMIT ?
"""  # noqa: S608 - places for values only


class JournalVisits:
    """As :class:`alerting.web.technician.visits.Visits` says. The journal is opened anew each time, to read only."""

    def __init__(self, journal: Path, realm: Realm) -> None:
        self._journal, self._realm = journal, realm

    def of(self, node: str, station: str, most: int) -> Sequence[Visit]:
        orders = (topic(self._realm, node, "cmd"), topic(self._realm, node, "cfg"))
        values = (node, station, *orders, f"{node} v", f"{node} w", *ACTIONS, most)
        try:
            with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
                rows = connection.execute(_VISITS, values).fetchall()
        except sqlite3.Error as error:
            raise VisitsUnavailable(f"Catatan kunjungan belum dapat dibaca: {error}.") from None
        return [Visit(at=row[0], actor=row[1], action=row[2], detail=row[3] or "{}") for row in rows]
