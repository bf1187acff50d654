"""What stations and areas of any age are called, for readers beside core."""

import sqlite3
from typing import Final

import msgspec

from alerting.blind import EVERYTHING, GATEWAY, is_group
from broker.station import Station
from deploy.registry.areas import Area, Areas

MOST: Final = 5000  # names that are kept

_station: Final = msgspec.json.Decoder(Station)
_area: Final = msgspec.json.Decoder(Area)


class ArchiveNames:
    """Looked up in the journal and kept until a document changes."""

    def __init__(self) -> None:
        self._made_for: tuple[int, int] | None = None
        self._stations: dict[str, str] = {}
        self._areas = Areas()

    def of(self, connection: sqlite3.Connection, scope: str) -> str:
        """The name of a station, an area or a group; its id where nobody named it."""
        self._refresh(connection)
        if scope in self._stations:
            return self._stations[scope]
        if is_group(scope):
            return "Semua stasiun" if scope == EVERYTHING else f"Gateway {scope.removeprefix(GATEWAY)}"
        return self._areas.name(scope)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        newest = connection.execute("SELECT coalesce(max(id), 0) FROM registry_versions").fetchone()[0]
        count = connection.execute("SELECT count(*) FROM stations").fetchone()[0]
        if (newest, count) == self._made_for:
            return
        rows = connection.execute("SELECT document FROM stations LIMIT ?", (MOST,))
        self._stations = {station.id: station.name for station in (_station.decode(row[0]) for row in rows)}
        self._areas = Areas(_area.decode(row[0]) for row in connection.execute("SELECT document FROM areas"))
        self._made_for = (newest, count)
