"""The guides for those who add something name files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs").glob("adding-*.md"))
# A file by its path from the top, or from the folder named before it in the same paragraph; NAME is the reader's own.
PATH = re.compile(
    r"`((?:alerting|broker|deploy|docs|edge|firmware_sim|ingest|tests)/[\w./-]+\.\w+)`|`((?:\w+/)*\w+\.py)`"
)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_file_that_a_guide_names_is_there(guide: Path) -> None:
    """Also those that are named without their whole path."""
    modules = {
        str(path.relative_to(ROOT))
        for top in ("alerting", "broker", "deploy", "edge", "ingest", "firmware_sim")
        for path in (ROOT / top).rglob("*.py")
    }
    found = [(whole, short) for whole, short in PATH.findall(guide.read_text()) if "NAME" not in whole]
    assert len(found) >= 5
    assert [] == [whole for whole, _ in found if whole and not (ROOT / whole).exists()]
    assert [] == [
        short for _, short in found if short and not any(f"/{each}".endswith(f"/{short}") for each in modules)
    ]
