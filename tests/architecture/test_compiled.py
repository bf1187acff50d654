"""The compiled hot path: it builds from a clean copy, decides as the sources do, and is not used with other sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import compiled

ROOT = compiled.ROOT
# What every decision rests on: quality control against its oracle, the engine, core in process.
TOLD = (
    "tests/unit/test_quality_oracle.py",
    "tests/unit/test_engine.py",
    "tests/unit/test_engine_silence.py",
    "tests/unit/test_trend.py",
    "tests/scenario/test_core_restarts.py",
)
DAYS = 1000
DAYS_S = 285  # with the start about five minutes; a slow or busy machine plays fewer days in them
LEAST_DAYS = 20  # tests/scenario/test_soak_days.py plays a fixed number besides


def run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True, timeout=1200, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with its compiled modules."""
    folder = tmp_path_factory.mktemp("compiled") / "checkout"
    leave = shutil.ignore_patterns("__pycache__", "*.so", "node_modules", "compiled.json")
    for name in (*compiled.PACKAGES, "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    done = run(folder, "-m", "deploy.compiled")
    assert 0 == done.returncode, done.stdout + done.stderr
    return folder


@pytest.mark.timeout(1500)
def test_it_decides_as_the_sources_do(copy: Path) -> None:
    """The tests of what decides pass on the compiled modules, and it is them that are run."""
    where = run(copy, "-c", "import alerting.engine, ingest.quality as q; print(alerting.engine.__file__, q.__file__)")
    assert [".so", ".so"] == [Path(name).suffix for name in where.stdout.split()], where.stderr
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TOLD)
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.timeout(1500)
def test_a_thousand_simulated_days_are_played_on_it(copy: Path) -> None:
    """Every promise is kept and the load bearable on a thousand days, or on as many as fit in the time.

    The simulator stands where core meets disk and clock, also where nothing can be put in from outside.
    """
    done = run(copy, "-m", "deploy.cli", "soak", "--seeds", str(DAYS), "--seconds", str(DAYS_S))
    print(done.stdout)
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-2000:]
    assert "over these: seeds" not in done.stdout, done.stdout
    assert int(done.stdout.split(" of ", 1)[0]) >= LEAST_DAYS, done.stdout


@pytest.mark.timeout(1500)
def test_other_sources_are_noticed_before_anything_runs(copy: Path, tmp_path: Path) -> None:
    """After an edit or an upgrade the old machine code is gone at the next start, and a sentence says so."""
    mine = tmp_path / "checkout"
    shutil.copytree(copy, mine, ignore=shutil.ignore_patterns("tests", ".hypothesis"))
    assert compiled.is_current(mine)
    # What an older release compiled, and this one does not, goes with the rest: it needs the old one's libraries.
    engine = next((mine / "alerting").glob("engine.*.so"))
    (mine / "alerting" / engine.name.replace("engine", "audit")).write_bytes(engine.read_bytes())
    with (mine / "alerting" / "engine.py").open("a") as source:
        source.write("\n# edited\n")
    done = run(mine, "-m", "deploy.cli", "--version")
    assert (0, True) == (done.returncode, "sh deploy/compile.sh" in done.stderr), done.stderr
    assert not compiled.is_present(mine)
    assert "" == run(mine, "-m", "deploy.cli", "--version").stderr
