"""A judged series as a picture: the values, what was wrong, and what was flagged."""

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from broker.quality_flags import Flag
from deploy.quality.score import Judged

WIDTH_IN: Final = 11.0
HEIGHT_IN: Final = 5.0
MINUTE_MS: Final = 60_000


def plot(judged: Judged, path: Path) -> None:
    """Write a PNG; colours are helped by marks, so that it can be read without them."""
    made = judged.specimen
    minutes = (made.times - made.times[0]) / MINUTE_MS
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
    axes = figure.subplots()
    axes.plot(minutes, judged.values, color="0.6", linewidth=0.8, zorder=1)
    for flag, mark, colour in ((Flag.SUSPECT, "^", "tab:orange"), (Flag.FAIL, "x", "tab:red")):
        at = np.flatnonzero(judged.final == flag)
        axes.scatter(minutes[at], judged.values[at], marker=mark, color=colour, s=18, label=flag.name.lower(), zorder=3)
    low, high = axes.get_ylim()
    axes.fill_between(minutes, low, high, where=made.wrong, color="tab:blue", alpha=0.15, label="wrong in truth")
    axes.set_ylim(low, high)
    axes.set(xlabel="minutes", ylabel=made.quantity, title=f"{made.name}: {judged.mistakes} samples judged wrongly")
    axes.legend(loc="best")
    figure.savefig(path, format="png")
