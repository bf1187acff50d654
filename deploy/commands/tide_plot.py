"""Pictures of ``kentongan tide``. Loaded only when one is asked for: matplotlib is slow to import."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deploy.commands.common import Refused
from ingest.tide_series import Levels
from ingest.tide_table import STEP_MS, TideTable

INK = "#1B1F23"
MUTED = "#56606A"
ACCENT = "#0B5CAD"


def plot_prediction(path: Path, table: TideTable, start: int, end: int, *, above_m: float | None, zone: tzinfo) -> None:
    """The predicted height between two moments, its turns, and what is over ``above_m``."""
    figure, (axes,) = _figure(1)
    times = range(max(start, table.start_ms), min(end, table.end_ms), STEP_MS)
    heights = [table.height(time) or 0.0 for time in times]
    moments = _local(times, zone)
    axes.plot(moments, heights, color=INK, linewidth=1.2)
    highs = [turn for turn in table.turns if start <= turn.time < end and turn.is_high]
    for turn, at in zip(highs, _local([turn.time for turn in highs], zone), strict=True):
        clock = f"{datetime.fromtimestamp(turn.time / 1000, zone):%H:%M}"
        place = (at, turn.height_m)
        axes.annotate(f"{clock}\n{turn.height_m:.2f}", place, ha="center", va="bottom", fontsize=7, color=MUTED)
    if above_m is not None:
        axes.axhline(above_m, color=ACCENT, linewidth=1, linestyle="--")
        axes.fill_between(moments, heights, above_m, where=[h >= above_m for h in heights], color=ACCENT, alpha=0.3)
    axes.set_ylabel(f"m di atas {table.datum}")
    axes.set_title("Prakiraan pasang surut (tanpa angin, hujan, dan banjir sungai)", fontsize=10)
    axes.margins(x=0, y=0.15)
    _save(figure, path)


def plot_check(path: Path, levels: Levels, predicted: Sequence[float], *, zone: tzinfo) -> None:
    """Observed and predicted above, their difference below."""
    figure, (upper, lower) = _figure(2)
    moments = _local(levels.times_ms, zone)
    upper.plot(moments, levels.levels_m, color=ACCENT, linewidth=1, label="teramati")
    upper.plot(moments, predicted, color=INK, linewidth=1, linestyle="--", label="prakiraan")
    upper.set_ylabel("m")
    upper.legend(loc="upper right", fontsize=8)
    left = [level - tide for level, tide in zip(levels.levels_m, predicted, strict=True)]
    lower.axhline(0, color=MUTED, linewidth=0.8)
    lower.plot(moments, left, color=ACCENT, linewidth=1)
    lower.set_ylabel("teramati dikurangi prakiraan, m")
    upper.margins(x=0)
    _save(figure, path)


def _figure(rows: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(11, 3.6 * rows), dpi=110, layout="constrained")
    axes = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
    for each in axes:
        each.grid(visible=True, color="#D6DBE0", linewidth=0.6)
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _local(times_ms: Sequence[int], zone: tzinfo) -> NDArray[np.datetime64]:
    """Local times without their zone: the axis prints them as they are."""
    moments = [datetime.fromtimestamp(time / 1000, zone).replace(tzinfo=None) for time in times_ms]
    return np.array(moments, dtype="datetime64[ms]")


def _save(figure: Figure, path: Path) -> None:
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from None
