"""Sensors that lie, and days on which everything happens: the library of cases and the simulated days."""

from typing import Final

from deploy.commands.score import score_cases
from deploy.replay.case import LIBRARY, Case, read_library
from deploy.replay.gate import gate
from deploy.replay.score_table import objections
from deploy.soak.report import failure
from deploy.soak.runner import Summary, play_all
from tests.faults.stage import Stage

LIES: Final = ("stuck", "spike", "outliers", "drift", "step", "plateau", "noise", "raw", "no_return")
DAYS: Final = 200


def lying_sensors(stage: Stage) -> None:
    """Stuck, spiking, drifting, stepping sensors, in floods and without: the promises of the gate hold."""
    known = [case for case in read_library(LIBRARY) if _lies(case)]
    cases = stage.chance.sample(known, stage.count(len(known), least=2))
    scores = score_cases(cases)
    floods = sum(len(score.floods) for score in scores)
    kinds = sorted({fault.kind for case in cases for place in case.stations for fault in place.faults} & set(LIES))
    stage.did(f"{len(cases)} cases of sensors that lie ({', '.join(kinds)}), {floods} floods among them")
    if len(cases) == len(known):
        stage.found(f"{line.what}: {line.figure}, due {line.limit}" for line in gate(scores) if not line.holds)
    else:  # a few cases are no rate
        stage.found(line for line in objections(scores) if "not detected" in line or "to the public" in line)


def _lies(case: Case) -> bool:
    return any(fault.kind in LIES for place in case.stations for fault in place.faults)


def simulated_days(stage: Stage) -> None:
    """Days of the real core in a simulated world, two or three faults of any kind on each."""
    summary, first = Summary(), stage.chance.randrange(1, 1_000_000)
    for results in play_all(range(first, first + stage.count(DAYS, least=2)), 1, 1):
        for result in results:
            summary.add(result)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(summary.kinds.items()))
    stage.did(f"{summary.days} simulated days, {summary.readings} readings; {kinds}")
    told = [failure(result) for result in summary.failed]
    stage.found(f"{lines[0]}; {lines[-1].strip()}" for lines in told)
