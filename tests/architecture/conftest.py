"""The checkout as a whole: its root, and the files that are or will be in git."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[str]:
    """Every file of the checkout that git does not ignore, relative to its root."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"these tests read the list of files from git, and git said: {done.stderr.strip()}")
    return sorted(name for name in set(done.stdout.splitlines()) if (ROOT / name).is_file())
