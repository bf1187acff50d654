"""How good the warnings of a played case were, against its true water. Pure.

A flood is a time at which the true water stands at or above AWAS. An alarm is a time at which a station stands at
SIAGA or higher. A flood is detected when an alarm stands at its crossing of AWAS, or begins within the grace after it;
its lead time runs from the beginning of that alarm to the crossing. An alarm is false when the true water comes to
SIAGA, less the hysteresis, neither in the half hour before it nor in the three hours after its beginning; an AWAS that
may go to the public is held against AWAS in the same way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from alerting import policy
from alerting.engine import Decision
from broker.levels import Level
from deploy.replay.case import Case, Place
from deploy.replay.recording import TrueWater
from deploy.replay.run import Forecast, Outcome
from deploy.replay.truth import Span, spans_above

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
GRACE_MS: Final = 10 * MINUTE_MS
BEFORE_MS: Final = 30 * MINUTE_MS
AFTER_MS: Final = 3 * HOUR_MS
GRACE_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """``held``: the true crossing's minute is inside the printed range. ``width``: the range, over what remained."""

    held: bool
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodScore:
    """One flood at one station. ``lead_min`` is negative for an alarm after the crossing, None for none."""

    station: str
    crossed_at: int
    lead_min: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScore:
    """What became of one case."""

    case: Case
    floods: tuple[FloodScore, ...]
    alarms: int
    false_alarms: int
    false_public_awas: int
    raised: int  # versions that an officer must deal with: raised, raised higher, silent
    worst_hour: int
    worst_10min: int
    forecasts: tuple[ForecastScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Several cases together. Ratios are None where there is nothing to divide by."""

    cases: int
    floods: int
    detected: int
    alarms: int
    false_alarms: int
    false_public_awas: int
    leads_min: tuple[float, ...]  # of the detected, shortest first
    raised_per_flood: float | None
    worst_hour: int
    worst_10min: int
    forecasts: int
    forecasts_held: float | None
    forecast_width: float | None

    @property
    def pod(self) -> float | None:
        """Probability of detection: floods detected of all floods."""
        return self.detected / self.floods if self.floods else None

    @property
    def far(self) -> float | None:
        """False-alarm ratio: false alarms of all alarms."""
        return self.false_alarms / self.alarms if self.alarms else None

    @property
    def csi(self) -> float | None:
        """Critical success index: floods detected, of floods and false alarms."""
        total = self.floods + self.false_alarms
        return self.detected / total if total else None


def score(case: Case, outcome: Outcome) -> CaseScore:
    """Hold what was said against what was true."""
    floods: list[FloodScore] = []
    alarms = false_alarms = false_public = 0
    near_awas: list[Span] = []
    for place in case.stations:
        water = outcome.recording.truth.get(place.id)
        if water is None or place.thresholds is None:
            continue
        decisions = [(at, decision) for at, decision, _ in outcome.decisions if decision.station == place.id]
        stretches = alarm_stretches(decisions, outcome.recording.end, hazard="rain" if place.unseen else "level")
        floods += [_flood(place, flood, stretches) for flood in water.above[3]]
        nearly = _spans(water, place.thresholds.siaga - place.thresholds.hysteresis_m)
        alarms += len(stretches)
        false_alarms += sum(not _is_true(alarm, nearly) for alarm in stretches)
        nearly_awas = _spans(water, place.thresholds.awas - place.thresholds.hysteresis_m)
        false_public += _false_public_awas(decisions, nearly_awas)
        near_awas += nearly_awas
    of_areas = [(at, decision) for at, decision, _ in outcome.decisions if decision.hazard == "area"]
    false_public = max(false_public, _false_public_awas(of_areas, near_awas))
    raised = alarms_to_officers(outcome)
    return CaseScore(
        case=case,
        floods=tuple(floods),
        alarms=alarms,
        false_alarms=false_alarms,
        false_public_awas=false_public,
        raised=len(raised),
        worst_hour=most_within(raised, HOUR_MS),
        worst_10min=most_within(raised, 10 * MINUTE_MS),
        forecasts=tuple(_forecast(forecast, outcome.recording.truth) for forecast in outcome.forecasts),
    )


def summarise(scores: Sequence[CaseScore]) -> Summary:
    """Several cases as one."""
    floods = [flood for score in scores for flood in score.floods]
    leads = sorted(flood.lead_min for flood in floods if flood.lead_min is not None)
    forecasts = [forecast for score in scores for forecast in score.forecasts]
    in_floods = [score for score in scores if score.floods]
    return Summary(
        cases=len(scores),
        floods=len(floods),
        detected=len(leads),
        alarms=sum(score.alarms for score in scores),
        false_alarms=sum(score.false_alarms for score in scores),
        false_public_awas=sum(score.false_public_awas for score in scores),
        leads_min=tuple(leads),
        raised_per_flood=sum(s.raised for s in in_floods) / len(floods) if floods else None,
        worst_hour=max((score.worst_hour for score in scores), default=0),
        worst_10min=max((score.worst_10min for score in scores), default=0),
        forecasts=len(forecasts),
        forecasts_held=sum(f.held for f in forecasts) / len(forecasts) if forecasts else None,
        forecast_width=median(f.width for f in forecasts) if forecasts else None,
    )


def alarms_to_officers(outcome: Outcome) -> list[int]:
    """When something new came that an officer must deal with: raised, raised higher, silent; what calms is no alarm."""
    return sorted(
        at
        for at, decision, _ in outcome.decisions
        if decision.kind in ("raised", "raised_higher") and policy.is_for_officers(decision)
    )


def alarm_stretches(decisions: Iterable[tuple[int, Decision]], end: int, *, hazard: str = "level") -> list[Span]:
    """The times at which a station stood at SIAGA or higher, on core's clock."""
    stretches: list[Span] = []
    began: int | None = None
    for at, decision in decisions:
        if decision.hazard != hazard:
            continue
        if decision.level >= Level.SIAGA:
            began = at if began is None else began
        elif began is not None:
            stretches.append(Span(began, at))
            began = None
    return stretches if began is None else [*stretches, Span(began, end)]


def most_within(times: Sequence[int], window_ms: int) -> int:
    """The greatest number of sorted ``times`` within any window of that length."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - window_ms:
            first += 1
        most = max(most, last - first + 1)
    return most


def _flood(place: Place, flood: Span, stretches: Sequence[Span]) -> FloodScore:
    grace = max(GRACE_MS, round(GRACE_SAMPLES * place.interval_s * 1000))
    for alarm in stretches:
        if alarm.start <= flood.start + grace and alarm.end >= flood.start:
            lead = (flood.start - alarm.start) / MINUTE_MS
            return FloodScore(station=place.id, crossed_at=flood.start, lead_min=lead)
    return FloodScore(station=place.id, crossed_at=flood.start, lead_min=None)


def _is_true(alarm: Span, nearly: Sequence[Span]) -> bool:
    return any(span.start <= alarm.start + AFTER_MS and span.end >= alarm.start - BEFORE_MS for span in nearly)


def _false_public_awas(decisions: Iterable[tuple[int, Decision]], nearly: Sequence[Span]) -> int:
    told = [at for at, decision in decisions if decision.public_ok and decision.level == Level.AWAS]
    return sum(not _is_true(Span(at, at), nearly) for at in told)


def _spans(water: TrueWater, height_m: float) -> tuple[Span, ...]:
    start = int(water.times[0])
    return spans_above((water.times - start) / MINUTE_MS, water.level_m, height_m, start_ms=start)


def _forecast(forecast: Forecast, truth: dict[str, TrueWater]) -> ForecastScore:
    crossings = [span.start for span in truth[forecast.station].above[3] if span.start > forecast.at]
    if not crossings:
        return ForecastScore(held=False, width=float("inf") if forecast.latest is None else 1.0)
    crossing = min(crossings)
    if forecast.latest is None:
        return ForecastScore(held=forecast.earliest <= crossing, width=float("inf"))
    # Texts and pages print whole minutes: what counts is whether the minute of the truth is among those printed.
    first, true, last = (at // MINUTE_MS for at in (forecast.earliest, crossing, forecast.latest))
    return ForecastScore(
        held=first <= true <= last, width=(forecast.latest - forecast.earliest) / (crossing - forecast.at)
    )
