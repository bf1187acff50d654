"""Which stations and quantities there are, and which name was probably meant."""

import difflib
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from alerting.web.api.gate import Gate
from alerting.web.api.problem import NOT_READY, UNKNOWN_QUANTITY, UNKNOWN_STATION, Refused, refused
from alerting.web.live import LivePage
from alerting.web.past import Past, SeriesName
from alerting.web.replica import Replica
from broker.live import StationView

NEAREST: Final = 3
COMPARED: Final = 2000  # names at most that one wrong name is held against
SERIES_KEPT_S: Final = 60.0


@dataclass(slots=True, kw_only=True)
class Directory:
    live: LivePage
    past: Past
    gate: Gate
    _ids: list[str] = field(default_factory=list)
    _ids_of: Replica | None = None
    _series: Sequence[SeriesName] = ()
    _series_at: float | None = None

    def require_state(self) -> None:
        """Raises Refused as long as core has never told its whole state."""
        if not self.live.link.ready.is_set():
            outage = self.live.link.outage()
            why = f": {outage.reason}" if outage else ""
            raise refused(NOT_READY, f"Keadaan pertama belum lengkap{why}.", remedy="Coba lagi sebentar.")

    def stations(self, *, since: str) -> Iterator[StationView]:
        """Every station from the id ``since`` on, by id."""
        stations = self.live.replica.stations
        ids = self._sorted_ids()
        return (stations[each] for each in ids[bisect_left(ids, since) :])

    def named(self, station: str) -> StationView:
        """Raises Refused with the nearest names."""
        found = self.live.replica.stations.get(station)
        if found is None:
            raise self._unknown_station(station, self.live.replica.stations)
        return found

    async def explain_nothing(self, station: str, quantity: str) -> None:
        """For a range without readings: raises Refused when there is no such station or no such quantity at it.

        History knows stations that are no longer in the registry.
        """
        view = self.live.replica.stations.get(station)
        told = {series.quantity for series in view.series} if view is not None else set()
        if quantity in told:
            return
        series = await self._known_series()
        kept = {of for place, of in series if place == station}
        if view is None and not kept:
            raise self._unknown_station(station, {*self.live.replica.stations, *(place for place, _ in series)})
        if quantity not in kept:
            raise unknown_quantity(station, quantity, sorted(told | kept))

    async def _known_series(self) -> Sequence[SeriesName]:
        moment = time.monotonic()
        if self._series_at is None or moment - self._series_at > SERIES_KEPT_S:
            self._series = await self.gate.read(self.past.series)
            self._series_at = moment
        return self._series

    def _sorted_ids(self) -> list[str]:
        """Stations come and, with a new line to core, all go: a replica of the same size has the same ones."""
        replica = self.live.replica
        if self._ids_of is not replica or len(self._ids) != len(replica.stations):
            self._ids, self._ids_of = sorted(replica.stations), replica
        return self._ids

    def _unknown_station(self, station: str, known: Iterable[str]) -> Refused:
        near = self._nearest(station, list(known))
        remedy = f"Mungkin {' atau '.join(near)}." if near else "Daftarnya ada di /api/v1/stations."
        return refused(
            UNKNOWN_STATION,
            f'Stasiun "{station[:40]}" tidak dikenal.',
            remedy=remedy,
            parameter="station",
            given=station,
            known=near,
        )

    def _nearest(self, station: str, known: list[str]) -> list[str]:
        """Ids like the one given, or of stations with such a name."""
        asked = station[:40].lower()
        like = [each for each in known if each[:2] == asked[:2] or asked in each][:COMPARED]
        candidates = {each: each for each in like or known[:COMPARED]}
        stations = self.live.replica.stations
        candidates.update((stations[each].name.lower(), each) for each in known[:COMPARED] if each in stations)
        near = difflib.get_close_matches(asked, candidates, NEAREST)
        return list(dict.fromkeys(candidates[each] for each in near))


def unknown_quantity(station: str, quantity: str, known: list[str]) -> Refused:
    remedy = f"Yang ada: {', '.join(known)}." if known else "Stasiun ini belum pernah mengirim bacaan."
    return refused(
        UNKNOWN_QUANTITY,
        f'Besaran "{quantity[:40]}" tidak ada di stasiun "{station}".',
        remedy=remedy,
        parameter="quantity",
        given=quantity,
        known=known,
    )
