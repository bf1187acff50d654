"""A played recording as a picture: level, thresholds, flags, rain, alerts and messages on one axis of local time."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from broker.levels import Level
from broker.quality_flags import Flag
from deploy.replay.case import Place
from deploy.replay.installation import station_of
from deploy.replay.run import Outcome, Track

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final = {Level.WASPADA: "#8A6500", Level.SIAGA: "#C25E00", Level.AWAS: "#B3001B"}
_BANDS: Final = {Level.WASPADA: "#F2C94C", Level.SIAGA: "#F2994A", Level.AWAS: "#B3001B"}
_INK: Final = "#1B1F23"
_MUTED: Final = "#56606A"
_POINTS: Final = 20_000  # more than these are thinned: nobody sees them


def draw(outcome: Outcome, path: Path) -> None:
    """Write a PNG; one row of pictures a station. Raises OSError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  slow to import, rarely needed
    from matplotlib.figure import Figure  # noqa: PLC0415

    places = outcome.recording.stations
    figure = Figure(figsize=(13, 2 + 4.2 * len(places)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(places), 1, squeeze=False, sharex=True)
    for place, (axes,) in zip(places, grid, strict=True):
        _draw_place(axes, outcome, place)
    figure.suptitle(f"{outcome.recording.title} (contoh, bukan angka resmi)", color=_INK)
    figure.savefig(path, dpi=110)


def _draw_place(axes: "Axes", outcome: Outcome, place: Place) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415

    zone = ZoneInfo(outcome.recording.timezone)
    axes.set_title(place.name, loc="left", color=_INK, pad=18)
    axes.set_ylabel("m")
    locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    axes.grid(color="#D6DBE0", linewidth=0.5)
    _draw_water(axes, outcome, place)
    _draw_thresholds(axes, place)
    _draw_levels(axes, outcome, place)
    _draw_messages(axes, outcome, place)
    _draw_rain(axes, outcome, place)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper right", fontsize=8, ncols=2)


def _draw_water(axes: "Axes", outcome: Outcome, place: Place) -> None:
    truth = outcome.recording.truth.get(place.id)
    if truth is not None:
        axes.plot(_moments(truth.times), truth.level_m, color="#0B5CAD", linewidth=1, alpha=0.6, label="air sebenarnya")
    track = outcome.tracks.get((place.id, "level_m"))
    if track is None:
        return
    times, values, flags = _thinned(track)
    good = np.where(flags == Flag.GOOD, values, np.nan)
    axes.plot(_moments(times), good, color=_INK, linewidth=0.9, marker=".", markersize=2, label="bacaan baik")
    for flag, colour, mark, label in ((Flag.SUSPECT, "#C25E00", "x", "diragukan"), (Flag.FAIL, _MUTED, "+", "gagal")):
        chosen = flags == flag
        if chosen.any():
            axes.plot(_moments(times[chosen]), values[chosen], mark, color=colour, markersize=5, label=label)
    _limit_axis(axes, place, values[flags != Flag.FAIL])


def _limit_axis(axes: "Axes", place: Place, values: Any) -> None:
    """A sensor's code of 5000 must not press the river into a line."""
    sane = values[np.isfinite(values)]
    limits = place.thresholds
    low, high = (float(np.quantile(sane, q)) for q in (0.001, 0.999)) if len(sane) else (0.0, 1.0)
    if limits is not None:
        low, high = min(low, limits.waspada), max(high, limits.awas)
    axes.set_ylim(low - 0.1 * (high - low), high + 0.25 * (high - low))


def _draw_thresholds(axes: "Axes", place: Place) -> None:
    limits = place.thresholds
    if limits is None:
        return
    for level, height in ((Level.WASPADA, limits.waspada), (Level.SIAGA, limits.siaga), (Level.AWAS, limits.awas)):
        axes.axhline(height, color=COLOURS[level], linewidth=0.8, linestyle="--")
        axes.annotate(f"{level.name} {height:.2f}", (1.0, height), xycoords=("axes fraction", "data"), fontsize=7,
                      color=COLOURS[level], ha="right", va="bottom")  # fmt: skip


def _draw_levels(axes: "Axes", outcome: Outcome, place: Place) -> None:
    """The level that the station stood at, as a band; silence as a hatched one."""
    moves = [(at, d.level) for at, d, _ in outcome.decisions if d.station == place.id and d.hazard == "level"]
    for (begins, level), (ends, _) in pairwise([*moves, (outcome.recording.end, 0)]):
        if level:
            axes.axvspan(_day(begins), _day(ends), color=_BANDS[Level(level)], alpha=0.28, linewidth=0)
    silences = [(at, d.kind) for at, d, _ in outcome.decisions if d.station == place.id and d.hazard == "data"]
    for (begins, kind), (ends, _) in pairwise([*silences, (outcome.recording.end, "ended")]):
        if kind != "ended":
            axes.axvspan(_day(begins), _day(ends), facecolor="none", edgecolor=_MUTED, hatch="//", linewidth=0)


def _draw_messages(axes: "Axes", outcome: Outcome, place: Place) -> None:
    """Over the picture: to officers, and above that to the public of the station's area."""
    scopes = {place.id, *station_of(place).kelurahan}
    for audience, mark, height in (("petugas", "v", 1.02), ("warga", "*", 1.06)):
        times = [m.at for m in outcome.messages if m.scope in scopes and m.audience == audience]
        if times:
            axes.plot(
                _moments(times),
                [height] * len(times),
                mark,
                color=_INK,
                markersize=6,
                transform=axes.get_xaxis_transform(),
                clip_on=False,
                label=f"pesan {audience}",
            )


def _draw_rain(axes: "Axes", outcome: Outcome, place: Place) -> None:
    """Hourly sums, hanging from the top."""
    track = outcome.tracks.get((place.id, "rain_mm"))
    if track is None or not len(track.times):
        return
    times = np.frombuffer(track.times, dtype=np.int64)
    fallen = np.nan_to_num(np.frombuffer(track.values, dtype=np.float64))
    hours = (times - times[0]) // 3_600_000
    sums = np.bincount(hours.astype(int), weights=fallen)
    top = axes.twinx()
    top.bar(
        _moments(times[0] + (np.arange(len(sums)) + 0.5) * 3_600_000), sums, width=1 / 26, color="#6FA8DC", alpha=0.7
    )
    top.set_ylim(max(80.0, float(sums.max()) * 4), 0)
    top.set_ylabel("mm/jam", color="#4A7DB0")


def _thinned(track: Track) -> tuple[Any, Any, Any]:
    """Times, values and flags; of a long track every n-th, and everything that is not good."""
    times = np.frombuffer(track.times, dtype=np.int64)
    values = np.frombuffer(track.values, dtype=np.float64)
    flags = np.frombuffer(track.flags, dtype=np.int8)
    order = np.argsort(times, kind="stable")
    every = max(1, len(order) // _POINTS)
    chosen = order[(np.arange(len(order)) % every == 0) | (flags[order] != Flag.GOOD)]
    return times[chosen], values[chosen], flags[chosen]


def _day(at: float) -> float:
    """matplotlib's own axis of time: days since 1970."""
    return at / 86_400_000


def _moments(times: Sequence[float] | Any) -> Any:
    return np.asarray(np.asarray(times, dtype=np.float64).astype("int64").astype("datetime64[ms]"))
