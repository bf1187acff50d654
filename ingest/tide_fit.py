"""Harmonic analysis and prediction by utide; nothing here is fast enough for core's loop.

utide takes seconds and 80 MB to import, so it is imported when it is needed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ingest.tide import Constituent, TideModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
LEAST_DAYS: Final = 15.0  # M2 and S2 drift a whole turn apart in 14.8 days
LEAST_SHARE: Final = 0.5
LEAST_SNR: Final = 2.0
YEAR_DAYS: Final = 365.0
SLOW_H: Final = 60.0  # longer periods are weather, unless the record holds a year
STEPS_A_CYCLE: Final = 2.5  # a faster wave is hardly sampled, and its amplitude would be made up
_EPOCH: Final = "1970-01-01"

# Too near each other for a shorter record; then the first follows the second in the ratio of the tide's own potential.
_INFERRED: Final = (("N2", "M2", 27.6), ("P1", "K1", 182.7), ("K2", "S2", 182.7))


class CannotFit(Exception):
    """The series does not hold a tide that can be told; the text says what is missing."""


def fit(
    times_ms: Sequence[int],
    levels_m: Sequence[float],
    *,
    latitude: float,
    datum: str,
    source: str,
    averaged_over_ms: int = 0,
) -> TideModel:
    """Constants by least squares over at least 15 days of levels; raises :class:`CannotFit`.

    ``averaged_over_ms``: each level is the mean of so long around its time; the amplitudes are those of the tide
    itself. Levels should be evenly spaced; gaps are allowed while half of the record is there. Constituents that the
    record cannot separate are left out or inferred; those that do not stand out of the noise are left out.
    """
    times, levels = _checked(times_ms, levels_m)
    names, inferred = _constituents(times, levels, latitude)
    found = _solve(times, levels, latitude, constit=names, infer=inferred)
    rms = float(np.sqrt(np.mean((levels - _heights(times, found)) ** 2)))
    parts = _parts(found, averaged_over_ms, set(inferred.inferred_names) if inferred else set())
    if not parts:
        raise CannotFit("no constituent stands out of the noise: is this a level of the sea?")
    return TideModel(
        constituents=parts,
        latitude=latitude,
        mean_m=round(float(found.mean), 4),
        datum=datum,
        source=source,
        fitted_from=datetime.fromtimestamp(times[0] * DAY_MS / 1000, UTC).replace(microsecond=0),
        fitted_to=datetime.fromtimestamp(times[-1] * DAY_MS / 1000, UTC).replace(microsecond=0),
        rms_m=round(rms, 4),
    )


def predict(model: TideModel, times_ms: Sequence[int]) -> list[float]:
    """Heights in metres at ``times_ms``; raises ValueError naming a constituent that utide does not know."""
    import utide  # noqa: PLC0415  seconds to import
    from utide.utilities import Bunch  # noqa: PLC0415

    unknown = sorted(set(model.constituents) - set(utide.constit_index_dict))
    if unknown:
        raise ValueError(f"constituent {unknown[0]!r} is unknown; names are like M2, S2, N2, K1, O1, P1, K2, M4")
    options = Bunch(
        twodim=False, nodiagn=1, notrend=True, prefilt=[], nodsatlint=0, nodsatnone=0, gwchlint=0, gwchnone=0
    )
    names = list(model.constituents)
    coefficients = Bunch(
        name=np.array(names),
        A=np.array([model.constituents[name].amplitude_m for name in names]),
        g=np.array([model.constituents[name].phase_deg for name in names]),
        mean=model.mean_m,
        aux=Bunch(
            opt=options,
            lat=_off_equator(model.latitude),
            reftime=0.0,
            lind=np.array([utide.constit_index_dict[name] for name in names]),
            frq=np.array([utide.cycles_per_hour[name] for name in names]),
        ),
    )
    days = np.asarray(times_ms, dtype=float) / DAY_MS + model.clock_offset_h / 24
    return [float(height) for height in _heights(days, coefficients)]


def hourly(times_ms: Sequence[int], levels_m: Sequence[float]) -> tuple[list[int], list[float]]:
    """Means of whole hours at the middle of what they hold, for a series denser than the tide needs."""
    hours, at = np.unique(np.asarray(times_ms, dtype=np.int64) // HOUR_MS, return_inverse=True)
    counts = np.bincount(at)
    offsets = np.asarray(times_ms, dtype=np.int64) - hours[at] * HOUR_MS
    times = hours * HOUR_MS + np.bincount(at, offsets) / counts
    return [int(time) for time in times], [float(level) for level in np.bincount(at, levels_m) / counts]


def _checked(times_ms: Sequence[int], levels_m: Sequence[float]) -> "tuple[Numbers, Numbers]":
    """Days since 1970 and levels in the order of time, one a moment."""
    if len(times_ms) != len(levels_m):
        raise ValueError(f"{len(times_ms)} times and {len(levels_m)} levels")
    times, first = np.unique(np.asarray(times_ms, dtype=float) / DAY_MS, return_index=True)
    levels = np.asarray(levels_m, dtype=float)[first]
    if not np.isfinite(levels).all():
        raise ValueError("a level is not a finite number")
    days = float(times[-1] - times[0]) if len(times) else 0.0
    if days < LEAST_DAYS:
        raise CannotFit(f"{days:.1f} days of levels; at least {LEAST_DAYS:.0f} are due, better 30, best a year")
    step = float(np.median(np.diff(times)))
    if step * 24 > 3:
        raise CannotFit(f"a level every {step * 24:.1f} hours; one every 3 hours or more often is due")
    share = len(times) * step / days
    if share < LEAST_SHARE:
        raise CannotFit(f"only {share:.0%} of the {days:.0f} days hold levels; at least {LEAST_SHARE:.0%} are due")
    if float(np.ptp(levels)) == 0:
        raise CannotFit("the level never changes: a stuck gauge holds no tide")
    return times, levels


def _constituents(times: "Numbers", levels: "Numbers", latitude: float) -> tuple[list[str], Any]:
    """The constituents that a record of this length can separate, and those to infer, if any."""
    import utide  # noqa: PLC0415
    from utide.utilities import Bunch  # noqa: PLC0415

    days = float(times[-1] - times[0])
    chosen = [str(name) for name in _solve(times, levels, latitude, conf_int="none").name]
    fast_h = STEPS_A_CYCLE * float(np.median(np.diff(times))) * 24
    slow_h = np.inf if days >= YEAR_DAYS else SLOW_H
    chosen = [name for name in chosen if fast_h < utide.hours_per_cycle[name] <= slow_h]
    pairs = [(name, by) for name, by, least in _INFERRED if days < least and by in chosen]
    if not pairs:
        return chosen, None
    known = utide.ut_constants.const
    size = dict(zip(known.name, np.abs(known.doodsonamp), strict=True))
    inferred = Bunch(
        inferred_names=[name for name, _ in pairs],
        reference_names=[by for _, by in pairs],
        amp_ratios=[float(size[name] / size[by]) for name, by in pairs],
        phase_offsets=[0.0] * len(pairs),
    )
    return [name for name in chosen if name not in inferred.inferred_names], inferred


def _parts(found: Any, averaged_over_ms: int, inferred: set[str]) -> dict[str, Constituent]:
    import utide  # noqa: PLC0415

    parts = {}
    for name, amplitude, error, phase in zip(found.name, found.A, found.A_ci, found.g, strict=True):
        if amplitude < LEAST_SNR**0.5 * error / 1.96:
            continue
        # The mean over T of a wave of frequency f is lower by sin(pi f T) / (pi f T).
        kept = float(np.sinc(utide.cycles_per_hour[name] * averaged_over_ms / HOUR_MS))
        parts[str(name)] = Constituent(
            amplitude_m=round(float(amplitude) / kept, 5),
            phase_deg=round(float(phase) % 360, 3),
            inferred=str(name) in inferred,
        )
    return parts


def _solve(times: "Numbers", levels: "Numbers", latitude: float, **options: Any) -> Any:
    import utide  # noqa: PLC0415

    # A record without any noise has errors of 0 / 0, which leave its constituents in.
    with np.errstate(divide="ignore", invalid="ignore"):
        return utide.solve(
            times, levels, lat=_off_equator(latitude), epoch=_EPOCH, trend=False, method="ols", verbose=False, **options
        )


def _heights(days: "Numbers", coefficients: Any) -> "Numbers":
    import utide  # noqa: PLC0415

    found = utide.reconstruct(days, coefficients, epoch=_EPOCH, verbose=False, min_SNR=0, min_PE=0)
    return np.asarray(found.h, dtype=float)


def _off_equator(latitude: float) -> float:
    """utide divides by the latitude's sine, and takes 5 degrees for everything nearer the equator but 0 itself."""
    return latitude or 1e-6
