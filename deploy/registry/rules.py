"""From a station's document to the engine's rules, and which of them are in force when."""

import msgspec

from alerting.rules import LevelRule, StationRules, Thresholds
from broker.station import Station

MINUTE_MS = 60_000
QUANTITIES = {"level": "level_m", "tide": "level_m", "rain": "rain_mm", "air": "pm25_ugm3"}
DERIVATION = "1"  # of rules from documents: when it changes, a start derives every station's rules again


def level_rule(station: Station) -> LevelRule | None:
    """What the thresholds say, in force or not; raises BadRules when they contradict themselves."""
    limits = station.thresholds
    if limits is None:
        return None
    return LevelRule(
        thresholds=Thresholds(waspada=limits.waspada, siaga=limits.siaga, awas=limits.awas),
        hysteresis_m=limits.hysteresis_m,
        hold_up=limits.hold_up_samples,
        hold_down_ms=int(limits.hold_down_minutes * MINUTE_MS),
        early_siaga_ms=int(limits.early_siaga_minutes * MINUTE_MS),
    )


def rules_at(station: Station, known: StationRules | None, now: int) -> StationRules:
    """The rules in force at ``now``: ``known`` itself when nothing in it changes, otherwise its next version.

    Thresholds that begin later leave those in force that were before them.
    """
    waits = station.thresholds is not None and station.thresholds.effective_from > now
    level = (known.level if known is not None else None) if waits else level_rule(station)
    wanted = StationRules(
        station=station.id,
        version=known.version if known is not None else 1,
        quantity=QUANTITIES[station.hazard],
        level=level,
        silence_after_ms=int(station.silence_minutes * MINUTE_MS),
    )
    if wanted == known:
        return known
    return wanted if known is None else msgspec.structs.replace(wanted, version=known.version + 1)
