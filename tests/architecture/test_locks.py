"""The lock files pin everything, by hash, and name no host."""

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-node.lock")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def _pins(path: Path) -> set[tuple[str, str, str]]:
    """Name, version and marker of every pin."""
    return {(name, version, marker) for name, version, marker, _ in PIN.findall(path.read_text())}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_nothing_but_hashed_pins(root: Path, name: str) -> None:
    """No index, no address and no unpinned or unhashed line can slip in."""
    text = (root / "deploy" / name).read_text()
    rest = PIN.sub("", text)
    assert [] == [line for line in rest.splitlines() if not line.startswith("#")]
    assert "://" not in text


def test_the_tests_run_against_what_operation_installs(root: Path) -> None:
    """The lock of the tests holds every pin of the lock of operation."""
    assert set() == _pins(root / "deploy/requirements.lock") - _pins(root / "deploy/requirements-test.lock")


def test_every_declared_dependency_is_pinned(root: Path) -> None:
    """A dependency added to pyproject.toml without remaking the locks is found here: run deploy/lock.sh."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    operation = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["demo"]
    for lock, declared in {
        "requirements.lock": operation + groups["build"],
        "requirements-test.lock": operation + groups["build"] + groups["test"],
    }.items():
        names = {re.split(r"[^A-Za-z0-9_.-]", each)[0].lower().replace("_", "-") for each in declared}
        assert set() == names - {name for name, _, _ in _pins(root / "deploy" / lock)}, lock
