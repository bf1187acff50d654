"""docs/reference is what the code says, and whatever the code has stands in a guide too."""

import re
from pathlib import Path

import pytest

from broker import topics
from deploy import reference
from deploy.health.metrics import METRICS
from deploy.settings import Settings

MAKE = "python -m deploy.reference docs/reference"


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_is_as_the_code_makes_it(root: Path, name: str) -> None:
    """Whoever changes a setting, a command or a metric makes the pages anew."""
    path = root / "docs" / "reference" / name
    assert path.is_file(), f"{path} is missing: {MAKE}"
    assert reference.PAGES[name]() == path.read_text(), f"{path} is of another state of the code: {MAKE}"


def test_there_is_no_other_page(root: Path) -> None:
    """One that is made no more is removed."""
    assert sorted(reference.PAGES) == sorted(path.name for path in (root / "docs" / "reference").iterdir())


def test_every_topic_and_alarm_has_its_words() -> None:
    """No kind of message is left out, and no rule is overlooked because it is written in another form."""
    assert set(topics.KINDS) == reference.TOPICS.keys()
    assert reference.RULES.read_text().count("- alert:") == reference.alarms().count("\n## ")


def test_every_setting_is_in_a_guide(root: Path) -> None:
    """By its key, in backticks, in a block of TOML, or as table.key; a table of channels has a guide of its own."""
    guides = "\n".join(path.read_text() for path in [root / "README.md", *(root / "docs").glob("*.md")])
    keys = [f"{table}.{field.encode_name}" for table, fields in reference._tables(Settings, "") for field in fields]
    assert "web.port" in keys
    missing = [key for key in keys if not re.search(rf"\b{key.rpartition('.')[2]}\b", guides)]
    assert [] == missing


def test_every_metric_and_topic_is_in_a_guide(root: Path) -> None:
    """Not in the reference alone."""
    guides = "\n".join(path.read_text() for path in (root / "docs").glob("*.md"))
    assert [] == [name for name in METRICS if f"`{name}`" not in guides]
    assert [] == [kind for kind in topics.KINDS if f"`{kind}`" not in guides]
