"""What an installation is made of: every part with its licence, none that Apache-2.0 software may not come with."""

import importlib.metadata
import json
import re
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from deploy.bom import components
from deploy.bom.components import Component
from deploy.bom.cyclonedx import bill
from deploy.bom.licences import ALLOWED, NoLicence, licence_of, words
from deploy.bom.page import page
from deploy.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "licences.md"
MADE_AT = 1_795_000_000_000


def metadata(**said: str) -> Any:
    found = Message()
    for key, value in said.items():
        found[key.replace("_", "-")] = value
    return found


def test_the_page_is_what_the_lock_files_name() -> None:
    """Made anew it is the same: kentongan sbom --licences docs/licences.md."""
    assert page(components.locked(), components.javascript(), components.PROGRAMS) == PAGE.read_text()


def test_every_locked_part_is_named_and_allowed() -> None:
    """Read from the lock files by other means; of every expression each licence."""
    text = PAGE.read_text()
    pins = [re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE) for lock in (ROOT / "deploy").glob("*.lock")]
    names = {name.lower().replace("_", "-").replace(".", "-") for found in pins for name in found}
    assert len(names) > 100
    assert [] == sorted(name for name in names if f"\n| {name} | " not in text)
    npm = json.loads((ROOT / "alerting/web/package-lock.json").read_text())["packages"]
    assert [] == [name for name in npm if name and f"| {name.removeprefix('node_modules/')} | " not in text]
    python, javascript = text.partition("## JavaScript")[0], text.partition("## JavaScript")[2].partition("## Prog")[0]
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|$", python + javascript, re.MULTILINE)
    told = {word for row in rows if row != "licence (SPDX)" for word in words(row)}
    assert set() == told - ALLOWED
    assert not any("GPL" in word and "LGPL" not in word for word in told)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (metadata(License_Expression="Apache-2.0 OR BSD-2-Clause", License="GPL-3.0"), "Apache-2.0 OR BSD-2-Clause"),
        (metadata(License="Apache License\nVersion 2.0"), "Apache-2.0"),
        (metadata(License="Copyright (c)\nall", Classifier="License :: OSI Approved :: MIT License"), "MIT"),
    ],
)
def test_a_licence_is_what_the_part_says(said: Any, expected: str) -> None:
    """The expression goes before the words, and the words before the classifier."""
    assert expected == licence_of("some-part", said)


@pytest.mark.parametrize("said", [None, metadata(), metadata(License="GPL-3.0-only"), metadata(License="AGPL-3.0")])
def test_a_part_that_may_not_come_or_says_nothing_is_named(said: Any) -> None:
    """It stops the command, so that nobody ships it unseen; also where it stands beside an allowed one."""
    with pytest.raises(NoLicence, match="some-part: no licence that is allowed"):
        licence_of("some-part", said)
    with pytest.raises(NoLicence):
        licence_of("some-part", metadata(License_Expression="MIT AND GPL-2.0-only"))


def test_the_bill_names_everything_that_is_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the command: every distribution with version and address, the pages' packages with hashes, the firmware."""
    assert 0 == main(["sbom", "--out", str(tmp_path / "k.json")])
    assert f"wrote {tmp_path / 'k.json'}" in capsys.readouterr().out
    found = json.loads((tmp_path / "k.json").read_text())
    assert ("CycloneDX", "1.6") == (found["bomFormat"], found["specVersion"])
    parts = {part["bom-ref"]: part for part in found["components"]}
    assert len(parts) == len(found["components"])
    here = {each.name.lower().replace("_", "-").replace(".", "-") for each in importlib.metadata.distributions()}
    assert [] == sorted(name for name in here - {"kentongan"} if f"python:{name}" not in parts)
    assert re.fullmatch(r"pkg:pypi/msgspec@\d+\.\d+.*", parts["python:msgspec"]["purl"])
    assert 128 == len(parts["javascript:leaflet"]["hashes"][0]["content"])
    assert "firmware" == parts["firmware:kentongan-node"]["type"]
    assert set(parts) == set(found["dependencies"][0]["dependsOn"])


def test_the_same_parts_at_the_same_moment_are_the_same_bytes() -> None:
    """So that two bills can be compared; another version has another serial number."""
    parts = [Component(name="@a/b", version="1", licence="MIT", kind="javascript")]
    one = bill(parts, version="1.0", made_at_ms=MADE_AT)
    assert one == bill(parts, version="1.0", made_at_ms=MADE_AT)
    assert "pkg:npm/%40a/b@1" == json.loads(one)["components"][0]["purl"]
    assert json.loads(one)["serialNumber"] != json.loads(bill(parts, version="1.1", made_at_ms=MADE_AT))["serialNumber"]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and what is wrong."""
    assert 2 == main(["sbom", "--out", str(tmp_path / "no" / "k.json")])
    assert f"{tmp_path / 'no' / 'k.json'}: No such file or directory" in capsys.readouterr().err
