"""The firmware is type-checked against the stubs of MicroPython on the ESP32: what it calls is there on the chip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# None everywhere, and lists that are filled later: the firmware has no annotations, as they cost flash.
OPTIONS = (
    "--explicit-package-bases",
    "--check-untyped-defs",
    "--no-strict-optional",
    *("--disable-error-code", "var-annotated"),
    *("--python-version", "3.11"),
)
# MicroPython documents SSLContext.verify_mode, and the stubs do not have it.
GAPS = {('mqtt.py: error: "SSLContext" has no attribute "verify_mode"', "[attr-defined]")}
WRONG = "import machine\n\nmachine.no_such_thing()\n"


@pytest.fixture(scope="module")
def stubs() -> Path:
    """They stand beside the environment's packages, as their modules bear Python's own names."""
    folder = Path(os.environ.get("KENTONGAN_ESP32_STUBS") or Path(sys.prefix) / "stubs")
    if not (folder / "machine.pyi").is_file():
        pytest.fail(
            f"{folder} holds no stubs of the ESP32: "
            f"pip install --no-deps --target {folder} -r deploy/requirements-stubs.lock"
        )
    return folder


def test_what_the_firmware_calls_is_on_the_chip(root: Path, stubs: Path, tmp_path: Path) -> None:
    """No complaint but known gaps, and the one about a mistake that was put there: the check is at work."""
    # In a folder of its own, where its modules have the names that they have on the chip.
    source = tmp_path / "firmware"
    shutil.copytree(root / "edge" / "node", source, ignore=shutil.ignore_patterns("__pycache__", "ruff.toml"))
    (source / "canary.py").write_text(WRONG)
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    files = sorted(path.relative_to(source).as_posix() for path in source.rglob("*.py"))
    command = [sys.executable, "-m", "mypy", "--config-file", str(tmp_path / "mypy.ini"), *OPTIONS]
    command += ["--custom-typeshed-dir", str(stubs), "--cache-dir", str(tmp_path / "cache"), *files]
    done = subprocess.run(
        command,
        cwd=source,
        env=os.environ | {"MYPYPATH": f"{source}{os.pathsep}{stubs}"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    ours = [line for line in done.stdout.splitlines() if line.split(":")[0] in files and " error: " in line]
    found = {_without_number(line) for line in ours}
    canary = ('canary.py: error: Module has no attribute "no_such_thing"', "[attr-defined]")
    assert GAPS | {canary} == found, done.stdout + done.stderr


def _without_number(line: str) -> tuple[str, str]:
    name, _, rest = line.split(":", 2)
    words, _, code = rest.rpartition("  ")
    return f"{name}:{words}", code
