"""From a decision to what its text is made of."""

from alerting.engine import Decision
from alerting.texts import AlertText
from broker.levels import Level
from deploy.settings import Settings, Station


def alert_text(decision: Decision, *, station: Station, settings: Settings) -> AlertText:
    is_silence = decision.hazard == "data"
    is_water = station.hazard == "level"
    return AlertText(
        kind=decision.kind,
        level=Level(decision.level),
        station_name=station.name,
        river=station.river,
        value_m=decision.value if is_water else None,
        rate_m_per_h=decision.trend.rate if decision.trend and is_water else None,
        eta_from=decision.eta.earliest if decision.eta else None,
        eta_to=decision.eta.latest if decision.eta else None,
        next_level=Level(decision.next_level) if decision.next_level is not None else None,
        at=decision.at,
        observed_at=decision.value_at,
        kelurahan=tuple(station.kelurahan),
        example=station.example,
        realm=settings.site.realm,
        timezone=settings.site.timezone,
        sender=settings.site.sender,
        silent=is_silence,
        at_least=is_silence and decision.level > Level.NORMAL,
    )
