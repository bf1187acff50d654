"""Everything that the page of one kelurahan is drawn from: equal facts are the same page, to the byte."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerting.web.public.places import Place, Places
from alerting.web.public.stand import WATER, Stand, stand_of
from alerting.web.public.told import told_of, untold
from alerting.web.replica import Replica
from alerting.web.words import MINUTE_MS
from broker.live import StationView

MOST_ELSEWHERE: Final = 3  # gauges of the whole city on one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What all pages share. ``drawn_at`` is the beginning of this minute; ``lost_since`` is when core was last heard.

    Times are ms UTC. ``is_lost`` may be so without anybody knowing since when.
    """

    drawn_at: int
    realm: str
    sender: str
    site: str
    subscribing: bool
    is_demo: bool
    is_lost: bool
    lost_since: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFacts:
    """``rain`` and ``air`` are of the area or, where it has none of its own, of the city."""

    place: Place
    district: Place | None
    stand: Stand
    around: Around
    water: tuple[StationView, ...]
    rain: tuple[StationView, ...]
    air: tuple[StationView, ...]
    beside: tuple[tuple[Place, Stand], ...]

    @property
    def is_example(self) -> bool:
        return any(station.example for station in self.water)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooserFacts:
    """Every kelurahan by its kecamatan, with how it stands."""

    around: Around
    districts: tuple[tuple[Place, tuple[tuple[Place, Stand], ...]], ...]
    is_example: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A station on the page of open data, without its values: they are the API's."""

    id: str
    name: str
    hazard: str
    river: str
    example: bool
    quantities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFacts:
    around: Around
    stations: tuple[Listed, ...]


class Survey:
    """One look at everything; facts of an area are made when somebody asks for them."""

    def __init__(self, replica: Replica, places: Places, *, is_lost: bool, lost_since: int | None, now: int) -> None:
        self.places = places
        self._stations = replica.stations
        self._by_area = _by_area(replica.stations)
        self._told = told_of(replica.alerts, replica.notices.values(), replica.stations)
        self._untold = untold(replica.alerts.values(), self._told)
        health = replica.health
        self.around = Around(
            drawn_at=now // MINUTE_MS * MINUTE_MS,
            realm=places.realm,
            sender=places.sender,
            site=places.site,
            subscribing=places.subscribing,
            is_demo=health is not None and health.demo,
            is_lost=is_lost,
            lost_since=lost_since if is_lost else None,
        )

    def area(self, place: Place) -> AreaFacts:
        own, district = self._own(place), place.code.rpartition(".")[0]
        return AreaFacts(
            place=place,
            district=next((each for each in self.places.districts if each.code == district), None),
            stand=self._stand(place),
            around=self.around,
            water=tuple(station for station in own if station.hazard in WATER),
            rain=self._of("rain", own),
            air=self._of("air", own),
            beside=tuple((each, self._stand(each)) for each in self._beside(place)),
        )

    def chooser(self) -> ChooserFacts:
        districts = tuple(
            (district, tuple((place, self._stand(place)) for place in self.places.of_district(district.code)))
            for district in self.places.districts
        )
        return ChooserFacts(
            around=self.around,
            districts=tuple(each for each in districts if each[1]),
            is_example=any(station.example for station in self._stations.values()),
        )

    def listing(self) -> ListingFacts:
        stations = sorted(self._stations.values(), key=lambda each: each.id)
        return ListingFacts(
            around=self.around,
            stations=tuple(
                Listed(
                    id=each.id,
                    name=each.name,
                    hazard=each.hazard,
                    river=each.river or "",
                    example=each.example,
                    quantities=tuple(series.quantity for series in each.series),
                )
                for each in stations
            ),
        )

    def _own(self, place: Place) -> tuple[StationView, ...]:
        """Also those that matter to the whole kecamatan."""
        district = place.code.rpartition(".")[0]
        return (*self._by_area.get(place.code, ()), *self._by_area.get(district, ()))

    def _stand(self, place: Place) -> Stand:
        return stand_of(place.code, self._own(place), told=self._told, untold=self._untold, is_lost=self.around.is_lost)

    def _beside(self, place: Place) -> tuple[Place, ...]:
        """The neighbours of the same kecamatan, and every other place that was warned."""
        near = self.places.beside(place)
        warned = {each.area.partition("/")[0] for each in self._told}
        far = (each for each in self.places.areas if each.code in warned and each != place and each not in near)
        return (*near, *far)

    def _of(self, hazard: str, own: Iterable[StationView]) -> tuple[StationView, ...]:
        here = tuple(station for station in own if station.hazard == hazard)
        if here:
            return here
        everywhere = sorted(
            (station for station in self._stations.values() if station.hazard == hazard and not station.areas),
            key=lambda each: each.id,
        )
        return tuple(everywhere[:MOST_ELSEWHERE])


def _by_area(stations: Mapping[str, StationView]) -> dict[str, tuple[StationView, ...]]:
    """Stations by the kelurahan that they matter to; one of an RW matters to its kelurahan."""
    found: dict[str, dict[str, StationView]] = defaultdict(dict)
    for station in sorted(stations.values(), key=lambda each: each.id):
        for code in station.areas:
            found[code.partition("/")[0]][station.id] = station
    return {code: tuple(each.values()) for code, each in found.items()}
