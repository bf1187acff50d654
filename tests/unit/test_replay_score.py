"""The arithmetic of scores: what counts as found, as false, and as held."""

import msgspec
import numpy as np
import pytest

from alerting.engine import Decision
from deploy.replay.case import Case, parse_case
from deploy.replay.gate import gate
from deploy.replay.recording import Recording, TrueWater
from deploy.replay.run import Forecast, Outcome
from deploy.replay.sampling import recording_of
from deploy.replay.score import CaseScore, alarm_stretches, most_within, score, summarise
from deploy.replay.score_table import document, objections, table
from deploy.replay.truth import Span

MINUTE = 60_000
TEXT = """
title = "contoh"
kind = "slow"
start = 2025-11-24T00:00:00+00:00
minutes = 1000
truth = { flood = true }
[[stations]]
id = "sungai-contoh"
name = "Sungai (contoh)"
thresholds = { waspada = 1.0, siaga = 2.0, awas = 3.0 }
[stations.water]
points = [[0, 0.0], [400, 4.0], [800, 0.0], [1000, 0.0]]
"""
CASE = parse_case(TEXT, name="contoh", where="contoh")
RECORDING = recording_of(CASE)
(WATER,) = RECORDING.truth.values()
CROSSING = WATER.above[3][0].start
START = CASE.start_ms


def decision(level: int, *, kind: str = "raised_higher", public_ok: bool = False, hazard: str = "level") -> Decision:
    document = {
        "station": "sungai-contoh", "hazard": hazard, "episode": 1, "version": 1, "kind": kind, "level": level,
        "why": "threshold", "rules_version": 1, "at": 0, "received_at": 0, "value": 1.0, "value_at": 0,
        "public_ok": public_ok,
    }  # fmt: skip
    return msgspec.convert(document, Decision)


def scored(*told: tuple[int, Decision], forecasts: tuple[Forecast, ...] = (), case: Case = CASE) -> CaseScore:
    outcome = Outcome(recording=RECORDING)
    outcome.decisions = [(at, made, "") for at, made in told]
    outcome.forecasts = list(forecasts)
    return score(case, outcome)


def test_lead_time_runs_from_siaga_to_the_true_crossing_of_awas() -> None:
    """The first SIAGA or higher of the alarm that stands at the crossing."""
    found = scored((CROSSING - 50 * MINUTE, decision(2)), (CROSSING + MINUTE, decision(3)))
    assert [50.0] == [flood.lead_min for flood in found.floods]
    assert (1, 0) == (found.alarms, found.false_alarms)


def test_an_alarm_that_was_taken_back_before_the_crossing_does_not_count() -> None:
    """Who was told AMAN was not warned."""
    told = [(CROSSING - 90 * MINUTE, decision(2)), (CROSSING - 40 * MINUTE, decision(0, kind="ended"))]
    assert [None] == [flood.lead_min for flood in scored(*told).floods]


@pytest.mark.parametrize(("late_min", "is_found"), [(9, True), (11, False)])
def test_ten_minutes_after_the_crossing_is_the_latest(late_min: int, is_found: bool) -> None:
    """The grace of a gauge that reports each minute; its lead time is negative."""
    (flood,) = scored((CROSSING + late_min * MINUTE, decision(3))).floods
    assert is_found == (flood.lead_min is not None)
    assert flood.lead_min is None or -late_min == flood.lead_min


def test_waspada_is_not_an_alarm() -> None:
    """Detection begins at SIAGA."""
    found = scored((CROSSING - 90 * MINUTE, decision(1, kind="raised")))
    assert (0, None) == (found.alarms, found.floods[0].lead_min)


def test_an_alarm_long_before_the_water_is_false() -> None:
    """Three hours is as far as an alarm may be ahead of the water that it warns of."""
    near = float(np.argmax(WATER.level_m >= 1.9)) / 2  # SIAGA less its hysteresis, on the grid of half minutes
    early, fair = START + round((near - 190) * MINUTE), START + round((near - 170) * MINUTE)
    ended = (START + round((near - 100) * MINUTE), decision(0, kind="ended"))
    assert 1 == scored((early, decision(2)), ended).false_alarms
    assert 0 == scored((fair, decision(2)), ended).false_alarms


def test_only_what_may_go_to_the_public_is_a_false_public_awas() -> None:
    """An AWAS that waits for the operator is no public one."""
    after = START + 990 * MINUTE  # the water fell below AWAS hours ago
    assert 0 == scored((after, decision(3))).false_public_awas
    assert 1 == scored((after, decision(3, public_ok=True))).false_public_awas
    assert 0 == scored((CROSSING, decision(3, public_ok=True))).false_public_awas


def test_forecasts_hold_by_the_printed_minute() -> None:
    """Both ends are printed as HH:MM; the width is measured against what truly remained."""
    at = CROSSING - 60 * MINUTE
    minute = CROSSING // MINUTE * MINUTE
    forecasts = (
        Forecast(station="sungai-contoh", at=at, earliest=minute, latest=minute + 30 * MINUTE),
        Forecast(station="sungai-contoh", at=at, earliest=minute + MINUTE, latest=minute + 30 * MINUTE),
        Forecast(station="sungai-contoh", at=at, earliest=minute - MINUTE, latest=None),
        Forecast(station="sungai-contoh", at=CROSSING + 10 * MINUTE, earliest=minute, latest=minute),
    )
    found = scored(forecasts=forecasts).forecasts
    assert [True, False, True, False] == [forecast.held for forecast in found]
    assert 0.5 == pytest.approx(found[0].width, abs=0.01)
    assert float("inf") == found[2].width


def test_alarms_are_counted_by_the_worst_window() -> None:
    """What calms is no alarm; silence is one."""
    times = [0, 9 * MINUTE, 10 * MINUTE, 11 * MINUTE, 80 * MINUTE]
    assert (3, 4) == (most_within(times, 10 * MINUTE), most_within(times, 60 * MINUTE))
    assert 0 == most_within([], MINUTE)
    told = [
        (START, decision(1, kind="raised")),
        (START + MINUTE, decision(0, kind="ended")),
        (START + 2 * MINUTE, decision(0, kind="raised", hazard="data")),
    ]
    assert (2, 2) == (scored(*told).raised, scored(*told).worst_hour)


def test_stretches_of_alarm() -> None:
    """From SIAGA or higher until below it, or until the end; another hazard is another matter."""
    told = [(1, decision(2)), (2, decision(3)), (3, decision(1, kind="lowered")), (4, decision(2))]
    assert [Span(1, 3), Span(4, 9)] == alarm_stretches(told, 9)
    assert [] == alarm_stretches(told, 9, hazard="rain")


def test_ratios_over_several_cases() -> None:
    """POD, FAR and CSI as textbooks have them."""
    hit = scored((CROSSING - 30 * MINUTE, decision(2)))
    miss = scored()
    calm = Outcome(recording=_calm())
    calm.decisions = [(START + MINUTE, decision(2), "")]
    false = score(CASE, calm)
    total = summarise([hit, miss, false])
    assert (2, 1, 2, 1) == (total.floods, total.detected, total.alarms, total.false_alarms)
    assert pytest.approx([1 / 2, 1 / 2, 1 / 3]) == [total.pod, total.far, total.csi]
    assert (None, None, None) == (summarise([]).pod, summarise([]).far, summarise([]).csi)


def test_the_gate_and_the_table_say_what_was_missed() -> None:
    """A missed flood is named, and its promise does not hold."""
    scores = [scored()]
    assert {"floods detected": False} == {line.what: line.holds for line in gate(scores) if not line.holds}
    assert ["contoh: the flood at sungai-contoh was not detected"] == list(objections(scores))
    assert "0.00" in table(scores)[-1]
    assert 0.0 == document(scores)["all"]["pod"]


def test_the_welangs_reconstructions_must_have_half_an_hour() -> None:
    """29 minutes are too few there, and enough elsewhere."""
    rebuilt = msgspec.structs.replace(CASE, reconstruction=True, source="contoh")
    late = (CROSSING - 29 * MINUTE, decision(2))
    missed = {line.what for line in gate([scored(late, case=rebuilt)]) if not line.holds}
    assert {"shortest lead, Welang reconstructions"} == missed
    assert set() == {line.what for line in gate([scored(late)]) if not line.holds}


def _calm() -> Recording:
    level = np.zeros_like(WATER.level_m)
    water = TrueWater(times=WATER.times, level_m=level, above={1: (), 2: (), 3: ()})
    return Recording(
        name="tenang",
        title="tenang",
        timezone="UTC",
        stations=RECORDING.stations,
        happenings=(),
        count=0,
        start=RECORDING.start,
        end=RECORDING.end,
        truth={"sungai-contoh": water},
    )
