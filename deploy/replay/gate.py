"""What must hold before an engine may warn anybody: the lines of the gate, each with its figure and its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deploy.replay.score import CaseScore, summarise

MOST_FALSE_RATIO: Final = 0.1
LEAST_LEAD_MIN: Final = 30.0
MOST_AN_HOUR: Final = 6
MOST_IN_10_MIN: Final = 10
LEAST_HELD: Final = 0.8
MOST_WIDTH: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    what: str
    figure: str
    limit: str
    holds: bool


def gate(scores: Sequence[CaseScore]) -> list[GateLine]:
    """Every promise with its figure over ``scores``; a promise about nothing holds."""
    total = summarise(scores)
    leads = welang_leads(scores)
    held, width = total.forecasts_held, total.forecast_width
    return [
        _line("floods detected", f"{total.detected} of {total.floods}", "all", total.detected == total.floods),
        _line("false public AWAS", str(total.false_public_awas), "0", total.false_public_awas == 0),
        _line("false-alarm ratio", ratio(total.far), f"<= {MOST_FALSE_RATIO}", (total.far or 0) <= MOST_FALSE_RATIO),
        _line(
            "shortest lead, Welang reconstructions",
            f"{min(leads):.0f} min" if leads else "none",
            f">= {LEAST_LEAD_MIN:.0f} min",
            min(leads, default=LEAST_LEAD_MIN) >= LEAST_LEAD_MIN,
        ),
        _line(
            "alarms in the worst hour", str(total.worst_hour), f"<= {MOST_AN_HOUR}", total.worst_hour <= MOST_AN_HOUR
        ),
        _line(
            "alarms in the worst 10 min",
            str(total.worst_10min),
            f"<= {MOST_IN_10_MIN}",
            total.worst_10min <= MOST_IN_10_MIN,
        ),
        _line("forecasts that held", ratio(held), f">= {LEAST_HELD}", held is None or held >= LEAST_HELD),
        _line("median width of forecasts", ratio(width), f"<= {MOST_WIDTH}", width is None or width <= MOST_WIDTH),
    ]


def welang_leads(scores: Sequence[CaseScore]) -> list[float]:
    """Lead times on the Welang's reconstructions; a flood that was missed has none at all, which is -inf."""
    return [
        float("-inf") if flood.lead_min is None else flood.lead_min
        for score in scores
        if score.case.reconstruction and score.case.river == "Welang"
        for flood in score.floods
    ]


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _line(what: str, figure: str, limit: str, holds: bool) -> GateLine:
    return GateLine(what=what, figure=figure, limit=limit, holds=holds)
