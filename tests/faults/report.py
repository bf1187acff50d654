"""What a run of the suite says: a table, a plot of how long each fault took, and the same as JSON."""

import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.bench.table import machine
from tests.faults.outcome import INVARIANTS, Outcome

WIDTH: Final = 96
SIGNS: Final = {"held": "held", "violated": "VIOLATED", "broke down": "BROKE DOWN", "not run": "not run"}
COLOURS: Final = {"held": "#2a7f62", "violated": "#b3261e", "broke down": "#b3261e", "not run": "#8a8a8a"}


def table(outcomes: Sequence[Outcome]) -> str:
    """A line for each fault, and below it what was done and what was found."""
    widths = [max(len(row[column]) for row in map(_cells, outcomes)) for column in range(4)] if outcomes else []
    lines = []
    for outcome in outcomes:
        cells = [cell.ljust(width) for cell, width in zip(_cells(outcome), widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
        said = [*outcome.did, *([outcome.reason] if outcome.reason else [])]
        said += [f"VIOLATION: {violation}" for violation in outcome.violations]
        for sentence in said:
            lines += textwrap.wrap(sentence, WIDTH, initial_indent="    ", subsequent_indent="      ")
    return "\n".join(lines)


def _cells(outcome: Outcome) -> tuple[str, str, str, str]:
    tests = f"{outcome.tests} tests" if outcome.tests else ""
    return (SIGNS[outcome.state], outcome.name, f"{outcome.seconds:7.1f} s", " ".join((*outcome.invariants, tests)))


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """How many held, and of each invariant over how many faults it was checked and how often it was violated."""
    held = sum(outcome.is_good for outcome in outcomes)
    violations = sum(len(outcome.violations) for outcome in outcomes)
    lines = [f"{held} of {len(outcomes)} faults held, {violations} violations, {_total_s(outcomes):.0f} s"]
    for name, meaning in INVARIANTS.items():
        checked = [outcome for outcome in outcomes if name in outcome.invariants and outcome.state != "not run"]
        broken = [outcome.name for outcome in checked if not outcome.is_good]
        said = f"in doubt after {', '.join(broken)}" if broken else "held" if checked else "not checked in this run"
        lines.append(f"  {name:3}  {len(checked):2} faults  {said}: {meaning}")
    return lines


def document(outcomes: Sequence[Outcome], *, seed: int, share: float, heading: Sequence[str]) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": list(heading),
        "seed": seed,
        "share": share,
        "cases": [msgspec.to_builtins(outcome) for outcome in outcomes],
        "violations": sum(len(outcome.violations) for outcome in outcomes),
    }


def write(folder: Path, outcomes: Sequence[Outcome], *, seed: int, share: float) -> list[Path]:
    """``faults.json``, ``faults.txt`` and ``faults.png`` in ``folder``, which is made; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    heading = machine()
    made = [folder / f"faults.{kind}" for kind in ("json", "txt", "png")]
    found = document(outcomes, seed=seed, share=share, heading=heading)
    made[0].write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
    lines = [*heading, f"seed      {seed}, share {share:g}", "", table(outcomes), "", *summary(outcomes)]
    made[1].write_text("\n".join(lines) + "\n")
    _draw(made[2], outcomes)
    return made


def _draw(path: Path, outcomes: Sequence[Outcome]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 1.2 + 0.28 * len(outcomes)), layout="constrained")
    axes = figure.subplots()
    places = range(len(outcomes))
    seconds = [max(outcome.seconds, 0.1) for outcome in outcomes]
    axes.barh(places, seconds, color=[COLOURS[outcome.state] for outcome in outcomes])
    for place, outcome in enumerate(outcomes):
        violations = len(outcome.violations)
        said = f"{outcome.seconds:.1f} s, {violations} violations" if outcome.state != "not run" else "not run"
        axes.annotate(f" {said}", (seconds[place], place), va="center", fontsize=8)
    axes.set_yticks(places, [outcome.name for outcome in outcomes], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("seconds that the fault was played, recovered from and judged")
    held = sum(outcome.is_good for outcome in outcomes)
    axes.set_title(f"{held} of {len(outcomes)} faults held")
    axes.set_xlim(0.1, 8 * max([1.0, *seconds]))
    axes.margins(y=0.01)
    figure.savefig(path, dpi=120)


def _total_s(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.seconds for outcome in outcomes)
