"""Scripts over the firmware's own modules, in the real MicroPython interpreter."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from firmware_sim import field

ROOT = Path(__file__).parent.parent
FIRMWARE = ROOT / "edge" / "node"
HARDWARE = ROOT / "firmware_sim" / "micropython"
PATIENCE_S = 60
EMPTY_WORLD = b'{"first_byte":0,"start_ms":0,"step_ms":1,"rows":2,"columns":[],"sensors":[],"faults":[]}\n'


def interpreter(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment; fails, with the remedy, where MicroPython is missing."""
    try:
        return field.micropython_command(list(arguments))
    except field.InterpreterMissing as error:
        pytest.fail(f"{error}; `sh deploy/test.sh` installs what the tests need")


def run(script: str, folder: Path, *, environment: dict[str, str] | None = None, heap: str = "2M") -> Any:
    """Run ``script`` in ``folder`` and return the JSON of the last line that it prints; fails with its words.

    With ``environment`` the fake hardware stands on the path before the interpreter's own modules.
    """
    (folder / "script.py").write_text(script)
    command, base = interpreter("-X", f"heapsize={heap}", "script.py")
    hardware = f"{HARDWARE}:" if environment is not None else ""
    path = {"MICROPYPATH": f"{hardware}{FIRMWARE}:.frozen"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=base | path | (environment or {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode or not done.stdout:
        pytest.fail(f"MicroPython ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
