"""How a kelurahan stands, as JSON for other pages: fields are added, never changed or taken away."""

from typing import Any, Final

import msgspec

from alerting.web.api.instants import iso
from alerting.web.catalogue import LANGUAGES
from alerting.web.public.facts import AreaFacts
from alerting.web.public.telling import Teller
from alerting.web.station_card import headline
from broker.live import StationView

VERSION: Final = 1


def area_json(facts: AreaFacts) -> bytes:
    """See docs/public.md for each field. Times are ISO 8601 in UTC."""
    stand, around = facts.stand, facts.around
    tellers = {each: Teller(each, around.drawn_at, is_lost=around.is_lost) for each in LANGUAGES}
    body: dict[str, Any] = {
        "version": VERSION,
        "area": {"code": facts.place.code, "name": facts.place.name},
        "drill": around.realm != "ews",
        "example": facts.is_example,
        "state": stand.state,
        "at_least": stand.at_least,
        "warning": None
        if stand.told is None
        else {
            "level": stand.told.level.name,
            "hazard": stand.told.hazard,
            "since": iso(stand.told.since),
            "lowered": stand.told.kind == "lowered",
        },
        "title": {each: teller.state(stand) for each, teller in tellers.items()},
        "advice": {each: teller.sentence(stand) for each, teller in tellers.items()},
        "drawn_at": iso(around.drawn_at),
        "connected": not around.is_lost,
        "lost_since": iso(around.lost_since) if around.lost_since is not None else None,
        "stations": [_station(station) for station in (*facts.water, *facts.rain, *facts.air)],
        "emergency": "112",
    }
    return msgspec.json.encode(body)


def _station(station: StationView) -> dict[str, Any]:
    """``value`` is null where there is no number to use; ``time`` says how old it is."""
    head = headline(station)
    air = station.air
    return {
        "id": station.id,
        "name": station.name,
        "hazard": station.hazard,
        "quantity": head.quantity if head is not None else None,
        "value": head.value if head is not None else None,
        "unit": head.unit if head is not None else None,
        "time": iso(head.time) if head is not None else None,
        "flag": head.flag if head is not None else None,
        "silent": station.silent,
        "rate_m_per_h": None if station.trend is None or station.silent else station.trend.rate_m_per_h,
        "ispu": None if air is None else air.index,
    }
