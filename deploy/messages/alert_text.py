"""From a decision to what its text is made of."""

from alerting.blind import EVERYTHING, GATEWAY, is_group
from alerting.engine import Decision
from alerting.policy import is_by_hand
from alerting.policy_rules import UP
from alerting.text_clauses import AlertText, Hazard
from broker.levels import Level
from broker.station import Station
from deploy.settings import Settings


def alert_text(
    decision: Decision,
    *,
    name: tuple[str, bool],
    station: Station | None,
    kelurahan: tuple[str, ...],
    settings: Settings,
) -> AlertText:
    """``name`` is that of the station or group, and whether its levels are examples.

    ``kelurahan`` are names, in the order in which the message has them.
    """
    is_silence, hazard = decision.hazard == "data", hazard_of(decision, station)
    is_water = hazard in ("level", "tide")
    return AlertText(
        kind=decision.kind,
        level=Level(decision.level),
        hazard=hazard,
        why=decision.why,
        station_name=_place(decision.station, name[0]),
        river=station.river if station is not None and is_water else None,
        value_m=decision.value if is_water else None,
        rate_m_per_h=decision.trend.rate if decision.trend and is_water else None,
        eta_from=decision.eta.earliest if decision.eta else None,
        eta_to=decision.eta.latest if decision.eta else None,
        next_level=Level(decision.next_level) if decision.next_level is not None else None,
        at=decision.at,
        observed_at=decision.value_at,
        kelurahan=kelurahan,
        example=name[1],
        realm=settings.site.realm,
        timezone=settings.site.timezone,
        sender=settings.site.sender,
        by=decision.by,
        verified=decision.verified or decision.at_least,
        in_maintenance=decision.maintenance is not None,
        is_for_approval=is_by_hand(decision) and decision.kind in UP,
        silent=is_silence,
        silent_for_ms=decision.silent_for_ms,
        at_least=decision.at_least or (is_silence and decision.why != "doubtful" and decision.level > Level.NORMAL),
        rain=decision.rain,
        air=decision.air,
    )


def _place(scope: str, name: str) -> str:
    """A text about a gateway has the word in its headline already; one about everything names no place."""
    return scope.removeprefix(EVERYTHING).removeprefix(GATEWAY) if is_group(scope) else name


def hazard_of(decision: Decision, station: Station | None) -> Hazard:
    """What the text is about: a silence is of what the station measures."""
    if station is None:
        return "level" if decision.hazard == "area" else "group"
    match decision.hazard:
        case "rain" | "air" as hazard:
            return hazard
        case _:
            return station.hazard
