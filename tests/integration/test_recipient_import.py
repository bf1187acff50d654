"""A list on its way into a running core that is killed: nobody is there twice, and the second time completes it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, eventually

PEOPLE = 3000


@pytest.fixture
def installation() -> Iterator[Installation]:
    with Installation() as made:
        made.start()
        yield made


def _import(installation: Installation, path: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "deploy.cli", "recipient", "import", str(path), "--kind", "head"]
    return subprocess.Popen(
        [*argv, "--settings", str(installation.toml)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _count(installation: Installation) -> int:
    return int(installation.rows("SELECT count(*) FROM recipients")[0][0])


def test_an_import_survives_the_death_of_core(installation: Installation) -> None:
    """The command ends with a sentence and does not take core's place; run again it adds only the rest."""
    path = installation.root / "rt.csv"
    people = "".join(f"Orang {n};{n % 99 + 1};1;Bangilan;0857{n:08d}\n" for n in range(PEOPLE))
    path.write_text(f"nama;rt;rw;kel;nomor\n{people}")
    first = _import(installation, path)
    eventually(lambda: _count(installation) or first.poll() is not None, "the first slice")
    installation.kill("core")
    _, said = first.communicate(timeout=90)
    before = _count(installation)
    assert 0 < before < PEOPLE, "core was to be killed in the middle of the import"
    assert 2 == first.returncode
    assert "core stopped meanwhile" in said
    assert "run the command again" in said
    installation.start_core()
    again, _ = _import(installation, path).communicate(timeout=90)
    assert f"{PEOPLE - before} added, 0 changed, {before} unchanged" in again
    assert PEOPLE == _count(installation)
    reached = installation.ask("recipient-list", kind="head", area="35.75.04.1004", limit=1)
    assert 1 == len(reached["recipients"])
    assert b"857000000" not in installation.state.journal.read_bytes()
    assert "857000000" not in installation.core_log.read_text()
