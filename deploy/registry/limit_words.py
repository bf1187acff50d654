"""A rule's figures in one short line, as people read them beside each other."""

from alerting.rules import AirRule, LevelRule, RainLimit, RainRule, StationRules
from broker.levels import Level
from deploy.registry.looks import Part
from deploy.registry.rules import CATEGORY_NAMES

NONE = "belum ditetapkan"
WINDOWS = {"10min": "10 menit", "1h": "1 jam", "3h": "3 jam", "6h": "6 jam", "24h": "24 jam"}


def limits_in_words(rules: StationRules, part: Part) -> str:
    """Of one part of a rule: heights in metres, sums in millimetres, or categories."""
    if part == "level":
        return _heights(rules.level)
    return _sums(rules.rain) if part == "rain" else _categories(rules.air)


def _heights(rule: LevelRule | None) -> str:
    if rule is None:
        return NONE
    limits = rule.thresholds
    return f"{limits.waspada:.2f} / {limits.siaga:.2f} / {limits.awas:.2f}".replace(".", ",")


def _sums(rule: RainRule | None) -> str:
    return NONE if rule is None else "; ".join(_sum(limit) for limit in rule.limits)


def _sum(limit: RainLimit) -> str:
    where = " di hulu" if limit.where == "upstream" else ""
    return f"{Level(limit.level).name} {limit.mm:g} mm dalam {WINDOWS[limit.window]}{where}".replace(".", ",")


def _categories(rule: AirRule | None) -> str:
    return NONE if rule is None else " / ".join(CATEGORY_NAMES[each] for each in (rule.waspada, rule.siaga, rule.awas))
