"""Scores as a picture: detection and false alarms by class, lead times, and alarms in the worst hour."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.replay.gate import LEAST_LEAD_MIN, MOST_AN_HOUR
from deploy.replay.score import CaseScore, summarise
from deploy.replay.score_table import by_class

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GOOD: Final = "#0B6B3A"
_BAD: Final = "#B3001B"
_INK: Final = "#1B1F23"
_MUTED: Final = "#56606A"


def draw_scores(scores: Sequence[CaseScore], path: Path) -> None:
    """Write a PNG. Raises OSError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  slow to import, rarely needed
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(14, 9), layout="constrained")
    FigureCanvasAgg(figure)
    (ratios, leads), (hours, forecasts) = figure.subplots(2, 2)
    _draw_ratios(ratios, scores)
    _draw_leads(leads, scores)
    _draw_hours(hours, scores)
    _draw_forecasts(forecasts, scores)
    total = summarise(scores)
    figure.suptitle(f"{total.cases} kasus, {total.floods} banjir (contoh, bukan angka resmi)", color=_INK)
    figure.savefig(path, dpi=110)


def _draw_ratios(axes: "Axes", scores: Sequence[CaseScore]) -> None:
    classes = by_class(scores)
    for row, part in enumerate(classes.values()):
        summary = summarise(part)
        if summary.pod is not None:
            axes.barh(row + 0.2, summary.pod, height=0.35, color=_GOOD)
        if summary.far is not None:
            axes.barh(row - 0.2, max(summary.far, 0.004), height=0.35, color=_BAD)
    axes.set_yticks(range(len(classes)), list(classes))
    axes.set_xlim(0, 1.02)
    axes.set_title("Banjir terdeteksi (hijau, POD) dan alarm palsu (merah, FAR)", loc="left", fontsize=10)


def _draw_leads(axes: "Axes", scores: Sequence[CaseScore]) -> None:
    leads = sorted(
        (flood.lead_min, score.case.name, score.case.reconstruction)
        for score in scores
        for flood in score.floods
        if flood.lead_min is not None
    )
    colours = [_INK if is_reconstruction else _MUTED for _, _, is_reconstruction in leads]
    axes.bar(range(len(leads)), [lead for lead, _, _ in leads], color=colours)
    axes.axhline(LEAST_LEAD_MIN, color=_BAD, linewidth=0.8, linestyle="--")
    axes.set_ylabel("menit")
    axes.set_xlabel("banjir, menurut panjang peringatan; hitam: rekonstruksi")
    axes.set_title("Waktu dari SIAGA sampai air melewati AWAS", loc="left", fontsize=10)


def _draw_hours(axes: "Axes", scores: Sequence[CaseScore]) -> None:
    worst = sorted(score.worst_hour for score in scores)
    axes.bar(range(len(worst)), worst, color=_MUTED, width=1.0)
    axes.axhline(MOST_AN_HOUR, color=_BAD, linewidth=0.8, linestyle="--")
    axes.set_xlabel("kasus")
    axes.set_title("Peringatan dalam jam terburuk tiap kasus", loc="left", fontsize=10)


def _draw_forecasts(axes: "Axes", scores: Sequence[CaseScore]) -> None:
    widths = [f.width for score in scores for f in score.forecasts]
    held = sorted(min(f.width, 2.0) for score in scores for f in score.forecasts if f.held)
    missed = sorted(min(f.width, 2.0) for score in scores for f in score.forecasts if not f.held)
    if widths:
        axes.hist([held, missed], bins=20, range=(0, 2), stacked=True, color=[_GOOD, _BAD], label=["tepat", "meleset"])
        axes.legend(fontsize=8)
    axes.set_xlabel("lebar perkiraan dibagi sisa waktu (2: lebih lebar atau tanpa batas)")
    axes.set_title("Perkiraan waktu mencapai AWAS", loc="left", fontsize=10)
