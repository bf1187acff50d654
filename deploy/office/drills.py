"""Drills as the pages show and hold them: each in a process of its own, as the command line holds it."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from alerting.web.admin.office import DrillPlan, DrillResult, Say, Wrong
from deploy.drill import results
from deploy.drill.isolation import ground_of
from deploy.drill.results import Result, ResultsUnreadable
from deploy.settings import BadSettings, Settings
from deploy.state_folder import StateFolder

SHOWN: Final = 20
LINES: Final = 3  # of what a drill that could not begin says

NONE_YET: Final = 'drill.settings: latihan belum disiapkan; tulis di situ settings = "latihan.toml" (docs/drill.md).'


class OfficeDrills:
    """As :class:`alerting.web.admin.office.Drills` says. ``file`` is the settings file of the real installation."""

    def __init__(self, settings: Settings, state: StateFolder, file: Path) -> None:
        self._settings, self._state, self._file = settings, state, file.absolute()

    def plan(self) -> DrillPlan:
        drill = self._settings.drill
        found, trouble = self._results() if drill.settings is not None else ([], NONE_YET)
        return DrillPlan(
            enabled=drill.enabled,
            day=drill.day,
            hour=drill.hour,
            group=drill.group,
            groups=() if trouble else tuple(group.name for group in drill.groups),
            trouble=trouble,
            results=tuple(_shown(each) for each in found[::-1][:SHOWN]),
        )

    def _results(self) -> tuple[list[Result], str]:
        """What earlier drills brought, or why they cannot be read."""
        try:
            return results.read(ground_of(self._settings, self._state, self._file.parent).state), ""
        except (BadSettings, ResultsUnreadable, OSError) as error:
            return [], str(error)

    def hold(self, *, group: str, by: str, say: Say) -> DrillResult:
        began, said = time.time_ns() // 1_000_000, list[str]()
        command = [sys.executable, "-m", "deploy.cli", "drill", "run", f"--by={by}", f"--group={group}"]
        command += ["--settings", str(self._file), "--state", str(self._state.root)]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for, for the type checker
            for line in process.stdout:
                said.append(line.strip())
                say(said[-1], None)
        newest = next((each for each in self.plan().results if each.at >= began and each.by == by), None)
        if newest is None:
            raise Wrong(*([line for line in said if line][-LINES:] or ["Latihan tidak dapat dimulai; lihat log web."]))
        return newest


def _shown(result: Result) -> DrillResult:
    failed = [each for each in result.told if each.state not in ("accepted", "delivered")]
    return DrillResult(
        at=result.at,
        by=result.by,
        group=result.group,
        passed=result.passed,
        why=result.why,
        accepted=result.count("accepted"),
        delivered=result.count("delivered"),
        failed=len(failed),
        steps=tuple((step.name, step.seconds) for step in result.steps),
        troubles=tuple(f"{each.person}, {each.channel}: {each.state} {each.reason}".strip() for each in failed),
    )
