"""Scores in words and numbers: a table by class of case, what to object to case by case, and the same as JSON."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, Final

from deploy.replay.gate import gate, ratio
from deploy.replay.score import CaseScore, Summary, summarise

_HEAD: Final = (
    "class", "cases", "floods", "found", "POD", "alarms", "false", "FAR", "CSI", "lead med", "lead min",
    "pub.AWAS false", "alarms/flood", "worst h", "worst 10min", "fcst", "held", "width",
)  # fmt: skip


def by_class(scores: Sequence[CaseScore]) -> dict[str, list[CaseScore]]:
    """The scores by class of case, in order of name."""
    found: dict[str, list[CaseScore]] = {}
    for score in scores:
        found.setdefault(score.case.kind, []).append(score)
    return dict(sorted(found.items()))


def table(scores: Sequence[CaseScore]) -> list[str]:
    """One line a class and one for all."""
    rows = [_HEAD, *(_row(name, summarise(part)) for name, part in by_class(scores).items())]
    rows.append(_row("all", summarise(scores)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(_aligned(cell, width, at) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]


def hazard_lines(scores: Sequence[CaseScore]) -> list[str]:
    """Lead times by what floods: rivers, streets, tide."""
    found: dict[str, list[CaseScore]] = {}
    for score in scores:
        found.setdefault(score.case.hazard, []).append(score)
    return [_hazard_line(name, summarise(part)) for name, part in sorted(found.items())]


def _hazard_line(name: str, summary: Summary) -> str:
    leads = summary.leads_min
    times = f"lead median {median(leads):.0f} min, worst {min(leads):.0f} min" if leads else "no lead"
    return f"{name}: {summary.detected} of {summary.floods} floods found, {times}"


def gate_lines(scores: Sequence[CaseScore]) -> list[str]:
    return [
        f"{'holds ' if line.holds else 'MISSED'}  {line.what}: {line.figure} ({line.limit})" for line in gate(scores)
    ]


def objections(scores: Sequence[CaseScore]) -> Iterator[str]:
    """What a reader should look at, one case a line."""
    for score in scores:
        name = score.case.name
        for flood in score.floods:
            if flood.lead_min is None:
                yield f"{name}: the flood at {flood.station} was not detected"
            elif flood.lead_min < 0:
                yield f"{name}: {flood.station} was warned {-flood.lead_min:.0f} min after the crossing of AWAS"
        if score.false_alarms:
            yield f"{name}: {score.false_alarms} of {score.alarms} alarms of SIAGA or higher were false"
        if score.false_public_awas:
            yield f"{name}: {score.false_public_awas} false AWAS to the public"
        if score.worst_hour > 6:
            yield f"{name}: {score.worst_hour} alarms in its worst hour"


def document(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """The same for machines; minutes, ratios, and null where there is nothing to divide by."""
    return {
        "all": _numbers(summarise(scores)),
        "hazards": hazard_lines(scores),
        "classes": {name: _numbers(summarise(part)) for name, part in by_class(scores).items()},
        "gate": [{"what": g.what, "figure": g.figure, "limit": g.limit, "holds": g.holds} for g in gate(scores)],
        "cases": [
            {
                "name": score.case.name,
                "class": score.case.kind,
                "leads_min": [flood.lead_min for flood in score.floods],
                "alarms": score.alarms,
                "false_alarms": score.false_alarms,
                "false_public_awas": score.false_public_awas,
                "raised": score.raised,
                "worst_hour": score.worst_hour,
            }
            for score in scores
        ],
    }


def _numbers(summary: Summary) -> dict[str, Any]:
    width = summary.forecast_width
    return {
        "cases": summary.cases,
        "floods": summary.floods,
        "detected": summary.detected,
        "pod": summary.pod,
        "far": summary.far,
        "csi": summary.csi,
        "alarms": summary.alarms,
        "false_alarms": summary.false_alarms,
        "false_public_awas": summary.false_public_awas,
        "lead_median_min": median(summary.leads_min) if summary.leads_min else None,
        "lead_worst_min": min(summary.leads_min, default=None),
        "alarms_per_flood": summary.raised_per_flood,
        "worst_hour": summary.worst_hour,
        "worst_10min": summary.worst_10min,
        "forecasts": summary.forecasts,
        "forecasts_held": summary.forecasts_held,
        "forecast_width": None if width is None or width == float("inf") else width,
    }


def _row(name: str, summary: Summary) -> tuple[str, ...]:
    leads = summary.leads_min
    return (
        name,
        str(summary.cases),
        str(summary.floods),
        str(summary.detected),
        ratio(summary.pod),
        str(summary.alarms),
        str(summary.false_alarms),
        ratio(summary.far),
        ratio(summary.csi),
        f"{median(leads):.0f} min" if leads else "-",
        f"{min(leads):.0f} min" if leads else "-",
        str(summary.false_public_awas),
        "-" if summary.raised_per_flood is None else f"{summary.raised_per_flood:.1f}",
        str(summary.worst_hour),
        str(summary.worst_10min),
        str(summary.forecasts),
        ratio(summary.forecasts_held),
        ratio(summary.forecast_width),
    )


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)
