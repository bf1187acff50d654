"""The report: machine, versions, the floor of the same run, one table, one plot."""

import importlib.metadata
import math
import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from broker import mosquitto
from tests.bench.run import Spread

PACKAGES = ("paho-mqtt", "msgspec", "sqlalchemy", "numpy", "twilio", "influxdb-client", "uvicorn")
PLOT_FROM_MS, PLOT_TO_MS, PLOT_WIDTH = 0.1, 100_000.0, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: what was measured, the figure, and the goal that it stands against ("must / stretch")."""

    section: str
    what: str
    figure: str
    goal: str = ""
    note: str = ""
    plot: Spread | None = None


def machine() -> list[str]:
    """What every figure depends on."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ":")
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    version = ".".join(map(str, mosquitto.mosquitto_version(mosquitto.find_mosquitto())))
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    software = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Mosquitto {version}, {packages}"
    return [
        f"machine   {cpu.partition(':')[2].strip()}, {os.cpu_count()} CPUs, {memory_mib} MiB, {platform.platform()}",
        f"versions  commit {_commit()}, {software}",
        f"load      {load_average()} when it began; generator, broker, core and provider share the CPUs",
    ]


def load_average() -> str:
    """The machine's state beside a figure: its load, and how fast its CPU is just now (they differ on shared hosts)."""
    return f"{os.getloadavg()[0]:.2f}, {additions_ms():.0f} ms per million additions"


def machine_state() -> dict[str, float]:
    """What the machine was like just now: others who use it, and how fast a CPU is."""
    with Path("/proc/stat").open() as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    return {
        "load average": os.getloadavg()[0],
        "ms per million additions": additions_ms(),
        "share of CPU time stolen since its start": ticks[7] / sum(ticks[:8]),
    }


def additions_ms() -> float:
    """CPU time of a million additions in Python: what a figure is to be divided by when machines are compared."""
    began = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - began) * 1e3


def _commit() -> str:
    argv = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(argv, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def table(rows: Sequence[Row]) -> str:
    """All rows, in columns as wide as they need."""
    head = ("section", "what", "figure", "must / stretch", "note")
    cells = [head, *((row.section, row.what, row.figure, row.goal, row.note) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def plot(rows: Iterable[Row]) -> str:
    """Latencies on a logarithmic axis, a line each: from the median to the 99th percentile, and the maximum."""
    drawn = [(f"{row.section} {row.what}", row.plot) for row in rows if row.plot is not None and row.plot.count]
    if not drawn:
        return ""
    width = max(len(name) for name, _ in drawn)
    lines = [f"{name.ljust(width)}  {_bar(spread)}" for name, spread in drawn]
    marks = [PLOT_FROM_MS * 10**power for power in range(round(math.log10(PLOT_TO_MS / PLOT_FROM_MS)) + 1)]
    axis = [" "] * (PLOT_WIDTH + 8)
    for mark in marks:
        for offset, letter in enumerate(f"{mark:g}"):
            axis[_column(mark) + offset] = letter
    title = f"{'ms, logarithmic'.ljust(width)}  {''.join(axis).rstrip()}"
    return "\n".join([title, *lines, "o median   = up to the 99th percentile   > the maximum"])


def _bar(spread: Spread) -> str:
    cells = ["."] * (PLOT_WIDTH + 1)
    for column in range(_column(spread.p50), _column(spread.p99) + 1):
        cells[column] = "="
    cells[_column(spread.max)] = ">"
    cells[_column(spread.p50)] = "o"
    return "".join(cells)


def _column(milliseconds: float) -> int:
    part = math.log10(max(milliseconds, PLOT_FROM_MS) / PLOT_FROM_MS) / math.log10(PLOT_TO_MS / PLOT_FROM_MS)
    return min(PLOT_WIDTH, round(part * PLOT_WIDTH))
