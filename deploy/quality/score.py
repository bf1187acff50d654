"""Quality control held against specimens whose truth is known: precision and recall for each fault.

A sample counts as flagged when its last flag is not good. ``precision`` is the share of flagged samples that are wrong,
``recall`` the share of wrong samples that are flagged; an episode is a stretch of wrong samples, found when any of them
is flagged. For sound specimens the flags themselves are the figure: while live, and in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from broker.quality_flags import Flag
from firmware_sim.faults import DATUM_M, Specimen, specimen
from ingest.calibrate import calibrated
from ingest.calibration import Calibration
from ingest.quality import gross_range, hardware_code, sensor_fault
from ingest.quality_limits import SeriesLimits, default_limits
from ingest.quality_series import Sample, SeriesState, assess

Flags = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A specimen with the flags of its samples: as they came, and after every revision."""

    specimen: Specimen
    values: NDArray[np.float64]
    live: Flags
    final: Flags
    reasons: tuple[str | None, ...]

    @property
    def mistakes(self) -> int:
        """Samples whose last flag is not what the truth asks for."""
        return int(((self.final != Flag.GOOD) != self.specimen.wrong).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Sums over the specimens of one name."""

    name: str
    samples: int
    wrong: int
    flagged: int
    flagged_live: int
    hits: int
    episodes: int
    found: int
    failed_sound: int  # sound samples that ended with FAIL
    worst: Judged

    @property
    def precision(self) -> float | None:
        """None when nothing was flagged."""
        return self.hits / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """None when nothing was wrong."""
        return self.hits / self.wrong if self.wrong else None


class _Around:
    """The surroundings of a specimen at one sample."""

    def __init__(self, made: Specimen) -> None:
        self._made = made
        self.at = 0

    def rain_mm(self, minutes: int) -> float | None:  # noqa: ARG002  specimens know three hours
        return _known(self._made.rain_mm[self.at])

    def neighbours_rise_m_per_h(self) -> float | None:
        return _known(self._made.neighbour_m_per_h[self.at])

    def neighbours_rain_mm(self, minutes: int) -> float | None:  # noqa: ARG002  specimens know three hours
        return _known(self._made.near_mm[self.at])


def judge(made: Specimen, limits: SeriesLimits | None = None) -> Judged:
    """Run a specimen through calibration and all tests, with the default limits of its sensor."""
    limits = limits or default_limits(made.quantity, made.sensor)
    calibration = _calibration(made)
    state, around = SeriesState(), _Around(made)
    count = len(made.raw)
    values, live, final = np.full(count, np.nan), np.zeros(count, np.int64), np.zeros(count, np.int64)
    reasons: list[str | None] = [None] * count
    for at in range(count):
        around.at = at
        sample = _sample(made, at, calibration, limits)
        found = assess(state, sample, limits, around)
        state = found.state
        values[at] = np.nan if sample.value is None else sample.value
        live[at] = final[at] = found.flag
        reasons[at] = found.reason
        for revision in found.revisions:
            final[revision.id - 1], reasons[revision.id - 1] = revision.flag, revision.reason
    return Judged(specimen=made, values=values, live=live, final=final, reasons=tuple(reasons))


def score(name: str, seeds: Sequence[int]) -> Score:
    """Judge the specimens of ``name`` that ``seeds`` draw."""
    judged = [judge(specimen(name, seed)) for seed in seeds]
    wrong = [each.specimen.wrong for each in judged]
    flagged = [each.final != Flag.GOOD for each in judged]
    episodes = [_episodes(mask) for mask in wrong]
    return Score(
        name=name,
        samples=sum(len(mask) for mask in wrong),
        wrong=sum(int(mask.sum()) for mask in wrong),
        flagged=sum(int(mask.sum()) for mask in flagged),
        flagged_live=sum(int((each.live != Flag.GOOD).sum()) for each in judged),
        hits=sum(int((bad & seen).sum()) for bad, seen in zip(wrong, flagged, strict=True)),
        episodes=sum(len(each) for each in episodes),
        found=sum(
            bool(seen[begin:end].any()) for each, seen in zip(episodes, flagged, strict=True) for begin, end in each
        ),
        failed_sound=sum(int(((each.final == Flag.FAIL) & ~each.specimen.wrong).sum()) for each in judged),
        worst=max(judged, key=lambda each: each.mistakes),
    )


def _sample(made: Specimen, at: int, calibration: Calibration, limits: SeriesLimits) -> Sample:
    raw = _known(made.raw[at])
    value = None if raw is None else calibrated(raw, calibration)
    if raw is None or value is None:
        verdict = sensor_fault(None, None)
    else:
        verdict = hardware_code(raw, limits) or gross_range(raw, value, limits)
    flag, reason = verdict or (Flag.GOOD, None)
    return Sample(at + 1, int(made.times[at]), value, raw, int(flag), reason)


def _calibration(made: Specimen) -> Calibration:
    if made.quantity == "rain_mm":
        return Calibration(quantity=made.quantity, conversion="rain")
    if made.quantity == "level_m" and made.sensor != "logger":
        return Calibration(quantity=made.quantity, conversion="level", datum_m=DATUM_M)
    return Calibration(quantity=made.quantity)


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)


def _episodes(wrong: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], wrong, [False])).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
