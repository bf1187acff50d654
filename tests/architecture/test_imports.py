"""Imports point one way."""

import subprocess
import sys
from pathlib import Path


def test_every_import_contract_holds(root: Path) -> None:
    """The contracts of pyproject.toml are kept: layers, and a core without clock, network, disk, log or random."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert "0 broken" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
