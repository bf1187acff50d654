"""Harmonic analysis: constants come back from a tide made of them, and predictions are utide's own."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
import utide

from ingest.tide import Constituent, TideModel
from ingest.tide_fit import DAY_MS, HOUR_MS, CannotFit, fit, hourly, predict
from ingest.tide_table import make_table

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
# Made up for the test: a mixed tide, mainly semidiurnal.
SEA = TideModel(
    constituents={
        "M2": Constituent(amplitude_m=0.45, phase_deg=320.0),
        "S2": Constituent(amplitude_m=0.2, phase_deg=10.0),
        "N2": Constituent(amplitude_m=0.09, phase_deg=300.0),
        "K1": Constituent(amplitude_m=0.4, phase_deg=290.0),
        "O1": Constituent(amplitude_m=0.2, phase_deg=270.0),
        "P1": Constituent(amplitude_m=0.13, phase_deg=290.0),
        "K2": Constituent(amplitude_m=0.055, phase_deg=10.0),
    },
    latitude=-7.64,
    mean_m=1.4,
    datum="nol",
    source="buatan",
)


def times(days: float, step_ms: int = HOUR_MS, start: int = START) -> list[int]:
    return list(range(start, start + int(days * DAY_MS), step_ms))


def fitted(at: list[int], levels: list[float], **options: int) -> TideModel:
    return fit(at, levels, latitude=-7.64, datum="nol", source="uji", **options)


def noisy(at: list[int]) -> list[float]:
    noise = np.random.default_rng(7).normal(0, 0.05, len(at))
    return [level + float(each) for level, each in zip(predict(SEA, at), noise, strict=True)]


@pytest.fixture(scope="module")
def models() -> dict[int, TideModel]:
    """Constants by the days of the record that they were fitted to."""
    records = {16: times(16), 31: times(31), 200: times(200, step_ms=3 * HOUR_MS)}
    return {days: fitted(at, noisy(at)) for days, at in records.items()}


@pytest.mark.parametrize(("days", "off_m"), [(16, 0.12), (31, 0.09), (200, 0.01)])
def test_a_tide_is_predicted_beyond_its_record(models: dict[int, TideModel], days: int, off_m: float) -> None:
    """The month after the record, under noise; the longer the record the better."""
    after = times(30, start=START + days * DAY_MS)
    error = np.subtract(predict(models[days], after), predict(SEA, after))
    assert np.sqrt(np.mean(error**2)) < off_m
    rms = models[days].rms_m
    assert rms is not None
    assert 0.03 < rms < 0.1


def test_what_a_short_record_cannot_tell_is_inferred(models: dict[int, TideModel]) -> None:
    """16 days: N2, P1 and K2 follow their neighbours; 31 days: N2 stands alone; 200 days: nothing is inferred."""
    inferred = {
        days: sorted(name for name, part in model.constituents.items() if part.inferred)
        for days, model in models.items()
    }
    assert {16: ["K2", "N2", "P1"], 31: ["K2", "P1"], 200: []} == inferred
    for name, part in SEA.constituents.items():
        assert part.amplitude_m == pytest.approx(models[200].constituents[name].amplitude_m, abs=0.01)


def test_hourly_means_give_the_amplitudes_of_the_tide_itself() -> None:
    """A mean over an hour flattens M2 by 1 %; that is put right."""
    dense = times(20, step_ms=HOUR_MS // 6)
    at, means = hourly(dense, predict(SEA, dense))
    assert len(times(20)) == len(at)
    found = [fitted(at, means, averaged_over_ms=over).constituents["M2"].amplitude_m for over in (HOUR_MS, 0)]
    assert 0.45 == pytest.approx(found[0], abs=0.02)
    assert 1.0107 == pytest.approx(found[0] / found[1], abs=0.0002)


def test_predictions_are_utides_own() -> None:
    """From the file's constants the same heights as from utide's own coefficients, years later too."""
    at = times(31)
    levels = noisy(at)
    coefficients = utide.solve(
        np.array(at) / DAY_MS, np.array(levels), lat=-7.64, epoch="1970-01-01", trend=False, verbose=False
    )
    kept = {
        str(name): Constituent(amplitude_m=float(size), phase_deg=float(phase))
        for name, size, phase in zip(coefficients.name, coefficients.A, coefficients.g, strict=True)
    }
    model = msgspec.structs.replace(SEA, constituents=kept, mean_m=float(coefficients.mean))
    later = times(3, start=START + 2000 * DAY_MS)
    own = utide.reconstruct(np.array(later) / DAY_MS, coefficients, epoch="1970-01-01", verbose=False, min_SNR=0)
    assert list(own.h) == pytest.approx(predict(model, later), abs=1e-9)


def test_the_table_holds_the_predictions() -> None:
    """Every step of it, and the middle between two steps."""
    table = make_table(SEA, START + 1, 2)
    at = range(table.start_ms, table.end_ms, 7 * 60_000)
    assert predict(SEA, list(at)) == pytest.approx([table.height(time) for time in at], abs=0.0005)
    assert table.start_ms <= START + 1 < START + 1 + 2 * DAY_MS <= table.end_ms


def test_phases_of_local_time_are_shifted() -> None:
    """Constants of a clock seven hours ahead predict the same sea as those of Greenwich."""
    local = msgspec.structs.replace(SEA, clock_offset_h=7.0)
    at = times(1)
    assert predict(SEA, [time + 7 * HOUR_MS for time in at]) == pytest.approx(predict(local, at))


def test_the_equator_is_a_latitude() -> None:
    """Pontianak lies on it."""
    model = msgspec.structs.replace(SEA, latitude=0.0)
    assert np.isfinite(predict(model, times(1))).all()


def test_an_unknown_constituent_is_named() -> None:
    """A slip of the pen in a file written by hand."""
    model = msgspec.structs.replace(SEA, constituents={"MM2": Constituent(amplitude_m=1, phase_deg=0)})
    with pytest.raises(ValueError, match="constituent 'MM2' is unknown"):
        predict(model, [START])


def _wave(at: list[int]) -> list[float]:
    return [float(np.sin(time / HOUR_MS / 2)) for time in at]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ([], "0.0 days of levels; at least 15 are due"),
        (times(14), "14.0 days of levels"),
        (times(20, step_ms=6 * HOUR_MS), "a level every 6.0 hours"),
        (times(2) + times(2, start=START + 28 * DAY_MS), "only 13% of the 30 days hold levels"),
    ],
)
def test_too_little_is_refused_with_the_reason(at: list[int], said: str) -> None:
    """Too short, too rare, too gappy."""
    with pytest.raises(CannotFit, match=said):
        fitted(at, _wave(at))


def test_rare_levels_hold_no_fast_waves(models: dict[int, TideModel]) -> None:
    """At a level every three hours nothing faster than 7.5 hours is told: it would be made up."""
    periods = [utide.hours_per_cycle[name] for name in models[200].constituents]
    assert min(periods) > 7.5


def test_a_stuck_gauge_is_refused() -> None:
    """It holds no tide."""
    with pytest.raises(CannotFit, match="stuck"):
        fitted(times(20), [1.0] * len(times(20)))


def test_gaps_and_disorder_are_borne() -> None:
    """A third of the record missing and the rest shuffled: the same tide."""
    at = [time for number, time in enumerate(times(40)) if number % 30 < 20]
    shuffled = [int(time) for time in np.random.default_rng(3).permutation(at)]
    model = fitted(shuffled, predict(SEA, shuffled))
    assert 0.45 == pytest.approx(model.constituents["M2"].amplitude_m, abs=0.01)
