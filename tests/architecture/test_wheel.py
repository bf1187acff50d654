"""The wheel works where there is no checkout, and holds what is ours and nothing else."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

PACKAGES = {"alerting", "broker", "deploy", "edge", "firmware_sim", "ingest"}
ONLY_IN_THE_CHECKOUT = (
    *("deploy/*.sh", "deploy/*.lock", "*/ruff.toml"),
    *("deploy/systemd/*", "deploy/container/*", "deploy/compose.yaml"),
)
ONLY_IN_THE_WHEEL = ("alerting/web/static/vendor/*", "*.dist-info/*")


def _run(command: Sequence[str | Path], cwd: Path) -> str:
    """Run to the end and give what was printed; fails with all of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _without(names: set[str], patterns: tuple[str, ...]) -> set[str]:
    return {name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], root)
    (path,) = folder.glob("kentongan-*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it, and this one's dependencies in reach (no network)."""
    place = tmp_path_factory.mktemp("elsewhere")
    _run([sys.executable, "-m", "venv", "--without-pip", place], place)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], place)
    (site_packages,) = place.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return place


def test_the_wheel_owns_six_names(wheel: Path) -> None:
    """Six packages and their metadata lie at the top: no tests, and no configuration that would land beside them."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name.split("/")[0] for name in archive.namelist()}
    assert PACKAGES == {name for name in names if not name.endswith(".dist-info")}
    assert 7 == len(names)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path, files: list[str]) -> None:
    """Samples, firmware, scenarios, templates and migrations travel along; what serves a checkout stays at home."""
    with zipfile.ZipFile(wheel) as archive:
        packed = _without(set(archive.namelist()), ONLY_IN_THE_WHEEL)
    expected = _without({name for name in files if name.split("/")[0] in PACKAGES}, ONLY_IN_THE_CHECKOUT)
    assert sorted(expected) == sorted(packed)


def test_the_wheel_holds_the_licence_and_the_command(wheel: Path) -> None:
    """What a package index and a lawyer look for is in the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = {
            name.split(".dist-info/")[1]: archive.read(name) for name in archive.namelist() if ".dist-info/" in name
        }
    assert b"kentongan = deploy.cli:main" in metadata["entry_points.txt"]
    assert b"License-Expression: Apache-2.0" in metadata["METADATA"]
    assert b"Apache License" in metadata["licenses/LICENSE"]


def test_the_installed_packages_are_those_of_the_wheel(elsewhere: Path, tmp_path: Path) -> None:
    """The test below would prove nothing if the command found the checkout's code."""
    found = _run([elsewhere / "bin" / "python", "-c", "import deploy; print(deploy.__file__)"], tmp_path)
    assert Path(found.strip()).is_relative_to(elsewhere)


@pytest.mark.parametrize("arguments", [["--version"], ["up", "--help"]], ids=" ".join)
def test_the_command_runs_from_an_empty_folder(elsewhere: Path, tmp_path: Path, arguments: list[str]) -> None:
    """The installed command answers without a checkout, a configuration or the network."""
    assert "kentongan" in _run([elsewhere / "bin" / "kentongan", *arguments], tmp_path)
    assert [] == list(tmp_path.iterdir())
