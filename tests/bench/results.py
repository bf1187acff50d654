"""A run's figures kept as JSON with the state of the machine, and two such files compared.

A figure's numbers are those of its text: p50, p99 and max of latencies, otherwise one after the other. Of the floor's
own figures a difference is said and not held against a run: it tells what the machine did meanwhile.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.table import Row, machine_state

FACTOR: Final = 1.3
FLOOR: Final = "floor"
WORST: Final = "max"  # the worst of thousands is one event: it is shown, and decides nothing
LEAST: Final = {"ms": 0.2, "us": 0.5, "s": 0.05, "MiB": 1.0, "KiB": 0.2}  # differences within this are none
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)(?:\s*(ms|us|s|MiB|KiB)\b)?")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    section: str
    what: str
    figure: str
    note: str
    numbers: dict[str, float]
    unit: str


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: what the machine was like before and after, by name."""

    at: int  # ms UTC
    machine: list[str]
    state: list[dict[str, float]]
    figures: list[Figure]


class ResultsUnreadable(Exception):
    """A file is none of ours; the text names it."""


def save(path: Path, machine: list[str], before: dict[str, float], rows: Sequence[Row]) -> None:
    """Raises OSError."""
    figures = [_figure(row) for row in rows]
    results = Results(at=time.time_ns() // 1_000_000, machine=machine, state=[before, machine_state()], figures=figures)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))


def load(path: Path) -> Results:
    """Raises ResultsUnreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except OSError as error:
        raise ResultsUnreadable(f"{path}: {error.strerror}; make one: python -m tests.bench --save FILE") from None
    except msgspec.DecodeError as error:
        raise ResultsUnreadable(f"{path}: not results of a benchmark: {error}") from None


def _figure(row: Row) -> Figure:
    if row.plot is not None:
        numbers, unit = {"p50": row.plot.p50, "p99": row.plot.p99, WORST: row.plot.max}, "ms"
    else:
        found = _NUMBER.findall(row.figure)
        numbers = {str(place): float(number) for place, (number, _) in enumerate(found, 1)}
        unit = next((unit for _, unit in found if unit), "")
    return Figure(section=row.section, what=row.what, figure=row.figure, note=row.note, numbers=numbers, unit=unit)


def compare(first: Results, second: Results) -> tuple[list[str], int]:
    """Lines for a person, and how many figures differ by more than the factor."""
    one, other = _by_name(first), _by_name(second)
    both = [name for name in one if name in other]
    differing = [(name, line) for name in both if (line := _difference(one[name], other[name]))]
    held = [line for name, line in differing if name[0] != FLOOR]
    compared = sum(name[0] != FLOOR for name in both)
    lines = [f"{compared} figures in both, {len(held)} differ by more than {FACTOR:g}x"]
    lines += held or ["  none"]
    lines += ["the machine, of the first run and of the second:", *_states(first, second)]
    lines += [line for name, line in differing if name[0] == FLOOR]
    only = [" ".join(name) for name in [*one, *other] if name not in one or name not in other]
    return lines + [f"only in one of them: {name}" for name in only], len(held)


def _by_name(results: Results) -> dict[tuple[str, str], Figure]:
    return {(figure.section, figure.what): figure for figure in results.figures}


def _difference(one: Figure, other: Figure) -> str:
    """Empty: within the factor."""
    ratios = {
        name: _ratio(one.numbers[name], other.numbers[name], LEAST.get(one.unit, 0.0))
        for name in one.numbers
        if name in other.numbers
    }
    if not any(ratio > FACTOR for name, ratio in ratios.items() if name != WORST):
        return ""
    shown = ", ".join(f"{name} {ratio:.2f}x" for name, ratio in ratios.items() if ratio > FACTOR)
    return f"  {one.section}, {one.what}: {one.figure} and {other.figure} ({shown})"


def _ratio(one: float, other: float, least: float) -> float:
    """How many times the larger is the smaller; 1 when they differ by less than can be told."""
    low, high = min(one, other), max(one, other)
    if high - low <= least:
        return 1.0
    return high / low if low > 0 else math.inf


def _states(first: Results, second: Results) -> Iterator[str]:
    for name in first.state[0]:
        values = [[_value(state, name) for state in results.state] for results in (first, second)]
        yield f"  {name}: {' to '.join(values[0])}; {' to '.join(values[1])}"


def _value(state: Mapping[str, float], name: str) -> str:
    return f"{state[name]:.3g}" if name in state else "?"
