"""From a station's document to the engine's rules, and which of them are in force when."""

from functools import lru_cache
from typing import Final, TypeVar, get_args

import msgspec

from alerting import rules
from alerting.rules import AirRule, LevelRule, RainRule, StationRules, SupportRule, Thresholds
from broker.levels import Level
from broker.station import AirLimits, RainLimit, Station, Support
from ingest.ispu import CATEGORIES

MINUTE_MS = 60_000
WINDOWS: Final = get_args(rules.Window)
PLACES: Final = get_args(rules.Where)
NEVER: Final = "never"
CATEGORY_NAMES: Final = tuple(category.name for category in CATEGORIES)
QUANTITIES = {"level": "level_m", "tide": "level_m", "rain": "rain_mm", "air": "pm25_ugm3"}
Part = TypeVar("Part")
DERIVATION = "2"  # of rules from documents: when it changes, a start derives every station's rules again


def level_rule(station: Station) -> LevelRule | None:
    """What the thresholds say, in force or not; raises BadRules when they contradict themselves."""
    limits, tide = station.thresholds, station.high_tide
    if limits is None:
        return None
    return LevelRule(
        thresholds=Thresholds(waspada=limits.waspada, siaga=limits.siaga, awas=limits.awas),
        hysteresis_m=limits.hysteresis_m,
        hold_up=limits.hold_up_samples,
        hold_down_ms=int(limits.hold_down_minutes * MINUTE_MS),
        early_siaga_ms=int(limits.early_siaga_minutes * MINUTE_MS),
        high_tide=None if tide is None else Thresholds(waspada=tide.waspada, siaga=tide.siaga, awas=tide.awas),
    )


def rain_rule(limits: tuple[RainLimit, ...]) -> RainRule | None:
    """Limits whose words are known; None where there are none."""
    if not limits:
        return None
    return RainRule(
        limits=tuple(
            rules.RainLimit(
                window=WINDOWS[WINDOWS.index(limit.window)],
                mm=limit.mm,
                level=Level[limit.level],
                where=PLACES[PLACES.index(limit.where)],
            )
            for limit in limits
        )
    )


def air_rule(station: Station) -> AirRule | None:
    """None where no air is measured; raises BadRules when the categories do not rise.

    Without limits of its own a station of air warns by the regulation's categories: its three unhealthy ones, in
    order, are WASPADA, SIAGA and AWAS. No figure of ours is in it.
    """
    if station.hazard != "air":
        return None
    limits = station.air_limits or AirLimits()
    return AirRule(
        waspada=CATEGORY_NAMES.index(limits.waspada),
        siaga=CATEGORY_NAMES.index(limits.siaga),
        awas=CATEGORY_NAMES.index(limits.awas),
        indicative=0 if limits.indicative == NEVER else CATEGORY_NAMES.index(limits.indicative),
        worsening_ugm3=limits.worsening_ugm3,
    )


def support_rule(support: Support | None) -> SupportRule:
    """Raises BadRules for numbers that cannot be."""
    if support is None:
        return SupportRule()
    return SupportRule(
        samples=support.samples,
        rain_mm=support.rain_mm,
        second_m=support.second_m,
        step_m=support.step_m,
        fresh_ms=int(support.fresh_minutes * MINUTE_MS),
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
        interval_ms=int(station.interval_seconds * 1000),
        support=support_rule(station.support),
        rain=rain_rule(station.rain_limits),
        air=air_rule(station),
    )
    if wanted == known:
        return known
    rules = wanted if known is None else msgspec.structs.replace(wanted, version=known.version + 1)
    return with_shared_parts(rules, station.id)


def with_shared_parts(found: StationRules, station: str) -> StationRules:
    """Equal rules of ``station`` whose parts are those of other stations that say the same: most of a province does."""
    return msgspec.structs.replace(
        found,
        station=station,
        level=_one(found.level),
        support=_one(found.support),
        rain=_one(found.rain),
        air=_one(found.air),
    )


@lru_cache(maxsize=4096)
def _one(part: Part) -> Part:
    return part
