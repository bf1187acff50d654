"""docs/history.md says what the code writes: tables, fields, units, flags, settings, commands."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker import units
from broker.quality_flags import Flag
from deploy import cli, settings
from ingest import history_influx, history_sqlite, rollups
from ingest.history_cursor import REFUSALS_KEPT


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "history.md").read_text()


def _tables(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first column's heading begins so, without its head."""
    lines = iter(page.splitlines())
    for line in lines:
        if line.startswith(f"| {heading}"):
            next(lines)
            break
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_points_columns_are_listed(page: str) -> None:
    """In the table's order, and each field of InfluxDB with its type."""
    rows = _tables(page, "SQLite: table `points`")
    assert [column.name for column in history_sqlite.points.columns] == [
        name for row in rows for name in _names(row[0])
    ]
    fields = {name: row[2] for row in rows for name in _names(row[1])}
    texts = {"station": "tag", "quantity": "tag", "reason": "string", "node": "string"}
    wanted = {name: texts.get(name, "float") for name in history_influx.PointRow.__struct_fields__ if name != "time"}
    assert wanted | {"station": "tag", "quantity": "tag"} == fields


def test_the_rollups_columns_are_listed(page: str) -> None:
    """Table and measurements, with the same names."""
    rows = _tables(page, "SQLite: table `rollups`")
    columns = [name for row in rows for name in _names(row[0])]
    assert [column.name for column in history_sqlite.rollups.columns] == columns
    fields = [name for row in rows for name in _names(row[1])]
    assert [name for name in history_influx.RollupRow.__struct_fields__ if name != "time"] == fields
    assert all(f"`{name}`" in page for name in history_influx.MEASUREMENTS.values())


def test_the_units_are_listed(page: str) -> None:
    """Every ending of a quantity's name with its unit."""
    listed = {_names(row[0])[0]: row[1] for row in _tables(page, "name ends in")}
    assert {f"_{ending}": unit for ending, unit in units.UNIT_OF_ENDING.items()} == listed


def test_the_flags_are_listed(page: str) -> None:
    """Numbers and names of the standard, and which of them statistics use."""
    said = ", ".join(f"{flag:d} {flag.name.lower().replace('_', ' ')}" for flag in Flag)
    assert f"QARTOD: {said}." in page
    assert f"Statistics use {' and '.join(map(str, rollups.GOOD_FLAGS))}." in page


def test_the_retention_is_listed(page: str) -> None:
    """Every setting with its default, and the limits that the code has."""
    listed = {_names(row[0])[0]: float(row[2]) for row in _tables(page, "setting in `[retention]`")}
    defaults: dict[str, Any] = msgspec.structs.asdict(settings.Retention())
    assert {name: value for name, value in defaults.items() if name.startswith("history_")} == listed
    assert f"slices of {history_sqlite.RETENTION_SLICE} rows" in page
    assert f"more than {rollups.DENSE} readings" in page
    assert f"the newest {REFUSALS_KEPT // 1000} 000" in page


def test_every_option_of_export_and_backfill_is_there(page: str) -> None:
    """An option that the page does not name is one that nobody finds."""
    shown = set(re.findall(r"(?<![\w-])--[a-z-]+", page))
    parser = cli.build_parser("history")
    missing = {}
    for verb in ("export", "backfill"):
        command = _verb(parser, "history", verb)
        known = {word for action in command._actions for word in action.option_strings if word.startswith("--")}
        missing[verb] = sorted(known - shown - {"--help", "--settings", "--state"})
    assert {"export": ["--output"], "backfill": []} == missing  # shown as -o
    assert " -o " in page


def _verb(parser: Any, *words: str) -> Any:
    for word in words:
        parser = next(action for action in parser._actions if action.dest in ("command", "verb")).choices[word]
    return parser
