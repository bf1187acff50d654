"""What soak prints: a failing seed with its shortest explanation, and the summary."""

import re
from typing import Final

from deploy.soak.day import DayResult
from deploy.soak.load import MOST_AN_HOUR, MOST_IN_TEN, STANDING
from deploy.soak.plan import DayPlan
from deploy.soak.runner import Summary
from deploy.soak.trace import clock_text

LAST: Final = 6  # things that happened right before
ALERT: Final = re.compile(r"[a-z0-9-]+\.(level|data|area)\.[0-9]+")  # a breach that begins so is about that alert


def plan_lines(plan: DayPlan) -> list[str]:
    """The flood and the faults of a day."""
    flood = plan.flood
    times = [clock_text(at)[:-7] for at in (flood.begins, flood.crest, flood.ends)]
    lines = [f"  flood: from {times[0]}, crest {flood.height_m:+.2f} m at {times[1]}, until {times[2]}"]
    for fault in sorted(plan.faults, key=lambda each: each.begins):
        what = " ".join(part for part in (fault.kind, fault.detail, fault.node) if part)
        lines.append(f"  fault: {clock_text(fault.begins)[:-4]} to {clock_text(fault.ends)[:-4]}, {what}")
    return lines


def failure(result: DayResult) -> list[str]:
    """Which promise was broken, when, the day's plan, and the last things that happened before."""
    first = result.breaches[0]
    lines = [f"seed {result.plan.seed} breaks {first.invariant} at {clock_text(first.at)}: {first.text}"]
    lines += plan_lines(result.plan)
    subject = ALERT.match(first.text)
    about = [line for line in result.lines if subject is None or f" {subject[0]}" in line]
    lines += [f"    {line}" for line in about[-LAST:]]
    lines.append(f"  again: kentongan soak --replay {result.plan.seed} --trace")
    return lines


def summary_lines(summary: Summary, *, asked: int) -> list[str]:
    """How many days, what broke, and an officer's load (G23)."""
    failed = ", ".join(f"seed {result.plan.seed} {result.breaches[0].invariant}" for result in summary.failed)
    verdict = f"{len(summary.failed)} broke a promise: {failed}" if failed else "every promise kept"
    lines = [
        f"{summary.days} of {asked} simulated days, {summary.readings} readings: {verdict}",
        f"alarms for an officer: {summary.alarms / max(1, summary.days * 24):.2f} an hour on average",
        (
            f"  most in an hour {summary.worst_hour} (at most {MOST_AN_HOUR}), in ten minutes {summary.worst_10min} "
            f"(at most {MOST_IN_TEN}), standing at once {summary.standing} (fewer than {STANDING})"
        ),
    ]
    if summary.heavy:
        lines.append(f"over these: seeds {', '.join(map(str, sorted(summary.heavy)))}")
    return lines
